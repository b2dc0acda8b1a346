import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A point that a fixed number of threads reach together: each waits there for the last.
///
/// A thread spins for a moment, for steps are short, and then sleeps, for the next frame may be far away.
final class Barrier: @unchecked Sendable {
  /// Looks at the phase before a thread goes to sleep: some 10 µs.
  private static let spinCount = 4000

  private let participants: Int
  private let arrived = Atomic<Int>(0)
  private let phase = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// Makes a barrier for that many threads.
  init(participants: Int) {
    self.participants = participants
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Returns when all have called it. A caller may stand in for threads that never will.
  func wait(standingInFor others: Int = 0) {
    let current = phase.load(ordering: .acquiring)
    if arrived.add(1 + others, ordering: .acquiringAndReleasing).newValue == participants {
      arrived.store(0, ordering: .relaxed)
      // A sleeper counts itself before it looks at the phase for the last time; hence it is seen here, or sees this.
      phase.store(current &+ 1, ordering: .sequentiallyConsistent)
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wakeAll() }
      return
    }
    for _ in 0..<Self.spinCount where phase.load(ordering: .acquiring) != current { return }
    sleep(until: current)
  }

  private func wakeAll() {
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  private func sleep(until current: Int) {
    pthread_mutex_lock(mutex)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while phase.load(ordering: .sequentiallyConsistent) == current { pthread_cond_wait(condition, mutex) }
    sleepers.subtract(1, ordering: .relaxed)
    pthread_mutex_unlock(mutex)
  }
}
