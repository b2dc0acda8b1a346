import EventLoop
import Glibc

/// How far a long verb has come, on standard error: a bar with the time left on a terminal, a line now and then in a
/// pipe. It is no result, so standard output never has it.
struct Progress {
  private let what: String
  private let total: Int
  private let start = MonotonicClock.now()
  private var shownAt: UInt64 = 0
  private var shownTenth = 0
  private let isTerminal = isatty(STDERR_FILENO) == 1

  /// `what` is done to so many things.
  init(_ what: String, total: Int) {
    self.what = what
    self.total = max(1, total)
  }

  private static let redrawMicroseconds: UInt64 = 100_000
  private static let barWidth = 28

  /// Shows that `done` of them are over; seldom enough to cost nothing.
  mutating func show(_ done: Int) {
    let now = MonotonicClock.now()
    guard isTerminal else { return showTenths(done, now) }
    guard now - shownAt >= Self.redrawMicroseconds || done == total else { return }
    shownAt = now
    let filled = Self.barWidth * done / total
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.barWidth - filled)
    write("\r\u{1B}[K\(what)  \(bar)  \(done) of \(total)\(timeLeft(done, now))")
  }

  /// Takes the bar away.
  func finish() {
    if isTerminal { write("\r\u{1B}[K") }
  }

  private mutating func showTenths(_ done: Int, _ now: UInt64) {
    // A short run needs no lines.
    let tenth = done * 10 / total
    guard tenth > shownTenth, now - start > 2_000_000 else { return }
    shownTenth = tenth
    write("\(what): \(done) of \(total)\(timeLeft(done, now))\n")
  }

  private func timeLeft(_ done: Int, _ now: UInt64) -> String {
    guard done > 0, done < total, now - start > 500_000 else { return "" }
    let seconds = Double(now - start) / 1e6 / Double(done) * Double(total - done)
    return seconds < 90 ? ", \(Int(seconds.rounded(.up))) s left" : ", \(Int((seconds / 60).rounded(.up))) min left"
  }

  private func write(_ text: String) {
    Array(text.utf8).withUnsafeBytes { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
