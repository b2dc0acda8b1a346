import EventLoop
import Glibc

/// Standard output and standard error, and whether a person reads them.
enum Terminal {
  /// Whether standard output is a terminal.
  static let isInteractive = isatty(STDOUT_FILENO) == 1

  /// Whether colours are wanted: on a terminal, unless NO_COLOR is set (no-color.org).
  static let hasColors = isInteractive && getenv("NO_COLOR").map { $0.pointee == 0 } ?? true

  /// Writes to standard output. A reader that went away ends the program, as it ends others.
  static func write(_ text: String) throws(Failure) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { bytes in
        retryingOnInterrupt { Glibc.write(STDOUT_FILENO, bytes.baseAddress, bytes.count) }
      }
      guard count > 0 else { throw Failure(.inputOutput, SystemCallError("write", on: "standard output").description) }
      rest = rest.dropFirst(count)
    }
  }

  /// Writes a line to standard error.
  static func complain(_ sentence: String) {
    Array((sentence + "\n").utf8).withUnsafeBytes { bytes in
      // Where standard error is closed there is nobody to tell.
      _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
    }
  }

  /// Columns and rows of the terminal; 80 x 24 where it does not say.
  static var size: (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }
}

/// Colours of states and events.
enum Color: String {
  case green = "32"
  case red = "31"
  case yellow = "33"
  case dim = "2"
  case bold = "1"

  /// The text in this colour, where colours are wanted.
  func paint(_ text: String) -> String {
    Terminal.hasColors ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
  }

  /// Labels have no meaning here but for the two that maskd is made for; others are neutral.
  static func paint(state: String, _ text: String) -> String {
    switch state {
    case "mask": green.paint(text)
    case "no_mask": red.paint(text)
    case "indeterminate": yellow.paint(text)
    default: bold.paint(text)
    }
  }
}
