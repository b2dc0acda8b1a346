import Glibc
import Synchronization

/// Ctrl-C and SIGTERM as a question that long work asks between two pieces, so that no file is left half-written.
enum Interruption {
  private static let received = Atomic<Int32>(0)

  /// Lets both signals be noted instead of ending the program.
  static func watch() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in Interruption.received.store(number, ordering: .relaxed) }
    }
  }

  /// Whether one came.
  static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// Ends the program as the signal would have done.
  static func end() -> Never {
    let number = max(received.load(ordering: .relaxed), SIGINT)
    signal(number, SIG_DFL)
    raise(number)
    exit(128 + number)
  }
}
