import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The threads that run the steps of one session together with its caller, each its fixed share of the parts.
///
/// All walk through the same steps side by side. What a thread computes depends on its number alone, and parts do not
/// share results: the outcome is the same for any number of threads.
final class Team: @unchecked Sendable {
  private let steps: [any Step]
  private let arenas: [Arena]
  private let barrier: Barrier
  private let isStopping = Atomic<Bool>(false)
  private var threads: [pthread_t] = []

  /// Starts one thread for each arena but the first, which is the caller's; nil where there is nothing to share, or
  /// where the system gives no threads.
  init?(steps: [any Step], arenas: [Arena]) {
    guard arenas.count > 1, steps.contains(where: { $0.partCount > 1 }) else { return nil }
    self.steps = steps
    self.arenas = arenas
    barrier = Barrier(participants: arenas.count)
    for number in 1..<arenas.count {
      guard let thread = Self.start(Member(team: self, number: number)) else {
        // Those that were started wait at the barrier for ever: the missing ones are stood in for.
        stop(missing: arenas.count - number)
        return nil
      }
      threads.append(thread)
    }
  }

  /// Runs all steps once, on the calling thread and the others; `didRun` is called with the index of each step that is
  /// complete.
  @inline(__always)
  func invoke(didRun: (Int) -> Void) {
    barrier.wait()
    runSteps(number: 0, didRun: didRun)
  }

  /// Ends the threads. Nothing may be called afterwards.
  func stop(missing: Int = 0) {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    barrier.wait(standingInFor: missing)
    for thread in threads { pthread_join(thread, nil) }
    threads = []
  }

  @inline(__always)
  private func runSteps(number: Int, didRun: (Int) -> Void) {
    var isTogether = true
    for index in steps.indices {
      let parts = steps[index].partCount
      guard parts > 1 else {
        // Too small to share: the caller does it, and the others wait before the next shared step.
        if number == 0 { steps[index].run(0..<parts, in: arenas[0]) }
        isTogether = false
        didRun(index)
        continue
      }
      if !isTogether { barrier.wait() }
      let count = arenas.count
      steps[index].run(parts * number / count..<parts * (number + 1) / count, in: arenas[number])
      barrier.wait()
      isTogether = true
      didRun(index)
    }
    // Every thread must have left the start behind before the caller may stop the team.
    if !isTogether { barrier.wait() }
  }

  /// A thread's place in the team.
  private final class Member {
    let team: Team
    let number: Int

    init(team: Team, number: Int) {
      self.team = team
      self.number = number
    }

    func work() {
      while true {
        team.barrier.wait()
        if team.isStopping.load(ordering: .sequentiallyConsistent) { return }
        team.runSteps(number: number) { _ in }
      }
    }
  }

  private static func start(_ member: Member) -> pthread_t? {
    // Signals are for the threads that wait for them.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let context = Unmanaged.passRetained(member)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Member>.fromOpaque(context).takeRetainedValue().work()
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      context.release()
      return nil
    }
    return thread
  }
}
