import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The threads that run the steps of one session together with its caller.
///
/// Each step that is worth it is cut into as many shares as there are threads. The caller takes the first share and then whatever share
/// nobody has begun: a thread that the system does not let run is not waited for. What a share is depends on its
/// number alone, and shares write to different bytes: the outcome is the same whoever computes them.
final class Team: @unchecked Sendable {
  /// Looks at the work before a thread goes to sleep: some 20 µs, for steps are short, but the next frame may be far
  /// away.
  private static let spinCount = 20_000
  /// Looks at what others have finished before the caller lets them have its processor.
  private static let patience = 2000

  private let steps: StepList
  private let arenas: [Arena]
  /// The step in work and its next share: see `Work`.
  private let work: Atomic<UInt64>
  /// Shares of the step in work that others have finished.
  private let finished = Atomic<Int>(0)
  private let isStopping = Atomic<Bool>(false)
  private let sleepers = Atomic<Int>(0)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var generation: UInt64 = 0
  private var threads: [pthread_t] = []

  /// Starts one thread for each arena but the first, which is the caller's; nil where there is nothing to share, or
  /// where the system gives no threads.
  init?(steps: StepList, arenas: [Arena]) {
    guard arenas.count > 1, (0..<steps.count).contains(where: { steps.parts(of: $0).areShared }) else { return nil }
    self.steps = steps
    self.arenas = arenas
    work = Atomic(Work(generation: 0, step: 0, share: arenas.count).bits)
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    for number in 1..<arenas.count {
      guard let thread = Self.start(Member(team: self, number: number)) else {
        stop()
        return nil
      }
      threads.append(thread)
    }
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Runs all steps once, on the calling thread and the others; `didRun` is called with the index of each step that is
  /// complete.
  @inline(__always)
  func invoke(didRun: (Int) -> Void) {
    for index in 0..<steps.count {
      let parts = steps.parts(of: index)
      if parts.areShared { share(index) } else { steps.run(index, 0..<parts.count, in: arenas[0]) }
      didRun(index)
    }
  }

  /// Ends the threads. Nothing may be called afterwards.
  func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    wakeAll()
    for thread in threads { pthread_join(thread, nil) }
    threads = []
  }

  /// Computes one step: the first share, then those that nobody has begun.
  private func share(_ step: Int) {
    finished.store(0, ordering: .relaxed)
    generation &+= 1
    // A sleeper counts itself before it looks at the work for the last time; hence it is seen here, or sees this.
    work.store(Work(generation: generation, step: step, share: 1).bits, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wakeAll() }
    run(step, share: 0, on: 0)
    var own = 1
    while let begun = begin() {
      run(begun.step, share: begun.share, on: 0)
      own += 1
    }
    var looks = 0
    while finished.load(ordering: .acquiring) < arenas.count - own {
      looks += 1
      if looks > Self.patience { sched_yield() }
    }
  }

  /// Takes the next share of the step in work; nil where none is left.
  private func begin() -> Work? {
    var bits = work.load(ordering: .acquiring)
    while Work(bits).share < arenas.count {
      let (exchanged, original) = work.compareExchange(
        expected: bits, desired: bits + 1, ordering: .acquiringAndReleasing)
      if exchanged { return Work(bits) }
      bits = original
    }
    return nil
  }

  private func run(_ step: Int, share: Int, on thread: Int) {
    var arena = arenas[thread]
    arena.thread = share
    steps.run(step, (0..<steps.parts(of: step).count).part(share, of: arenas.count), in: arena)
  }

  private func wakeAll() {
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  /// What one of the other threads does until the team is stopped.
  private func help(as number: Int) {
    var idle = 0
    while !isStopping.load(ordering: .acquiring) {
      if let begun = begin() {
        run(begun.step, share: begun.share, on: number)
        finished.add(1, ordering: .releasing)
        idle = 0
      } else if idle < Self.spinCount {
        idle += 1
      } else {
        sleep()
        idle = 0
      }
    }
  }

  private func sleep() {
    pthread_mutex_lock(mutex)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while Work(work.load(ordering: .sequentiallyConsistent)).share >= arenas.count,
      !isStopping.load(ordering: .sequentiallyConsistent)
    { pthread_cond_wait(condition, mutex) }
    sleepers.subtract(1, ordering: .relaxed)
    pthread_mutex_unlock(mutex)
  }

  /// A step and its next share in one word, so that a share is taken in one exchange. The generation makes the word of
  /// each step of each run another one: 2^32 of them before one comes again.
  private struct Work {
    let bits: UInt64

    init(_ bits: UInt64) { self.bits = bits }

    init(generation: UInt64, step: Int, share: Int) {
      bits = generation << 32 | UInt64(step) << 8 | UInt64(share)
    }

    var step: Int { Int(bits >> 8 & 0xFF_FFFF) }
    var share: Int { Int(bits & 0xFF) }
  }

  /// A thread's place in the team.
  private final class Member {
    let team: Team
    let number: Int

    init(team: Team, number: Int) {
      self.team = team
      self.number = number
    }

    func work() { team.help(as: number) }
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
