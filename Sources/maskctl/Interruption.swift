import Glibc
import Synchronization

/// Ctrl-C and SIGTERM as a question that long work asks between two pieces, so that no file is left half-written.
enum Interruption {
  private static let received = Atomic<Int32>(0)

  /// Lets both signals be noted instead of ending the program, also where whoever started it had blocked them.
  static func watch() {
    var both = sigset_t()
    sigemptyset(&both)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in Interruption.received.store(number, ordering: .relaxed) }
      sigaddset(&both, number)
    }
    pthread_sigmask(SIG_UNBLOCK, &both, nil)
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
