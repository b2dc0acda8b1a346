import CLinux
import EventLoop
import Glibc

/// Hands frames from the capture threads to the one that classifies: a slot for each camera, the newest frame wins.
///
/// Nothing here allocates after `init`.
public final class FrameExchange: @unchecked Sendable {
  // Unchecked because of the pointers: all that they point to is touched only with `mutex` held.

  private struct Slot: ~Copyable {
    var frame: Frame?
    /// Frames that were replaced in this slot before anyone took them.
    var replacedCount: UInt64 = 0
  }

  /// The number of slots.
  public let cameraCount: Int

  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private let slots: UnsafeMutableBufferPointer<Slot>
  /// The slot that is looked at first: the one after the last that gave a frame.
  private var firstSlot = 0
  private var hasClosed = false

  /// Makes empty slots for cameras 0 ..< `cameraCount`.
  public init(cameraCount: Int) {
    precondition(cameraCount > 0, "an exchange without cameras never has a frame")
    self.cameraCount = cameraCount
    mutex = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    changed = .allocate(capacity: 1)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    // A deadline must not move when the wall clock is set.
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(changed, &attributes)
    pthread_condattr_destroy(&attributes)
    slots = .allocate(capacity: cameraCount)
    for index in 0..<cameraCount { slots.initializeElement(at: index, to: Slot()) }
  }

  deinit {
    slots.deinitialize()
    slots.deallocate()
    pthread_cond_destroy(changed)
    changed.deallocate()
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// The next frame, each camera in turn; waits for one. Nil after `timeout`, or once the exchange is closed.
  public func next(timeout: Duration) -> Frame? {
    let deadline = timespec(MonotonicClock.deadline(after: timeout))
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !hasClosed {
      if let frame = takeNext() {
        pthread_cond_broadcast(changed)
        return frame
      }
      if !wait(until: deadline) { return nil }
    }
    return nil
  }

  /// Ends all waiting for good; frames that nobody took go back to their cameras.
  public func close() {
    pthread_mutex_lock(mutex)
    hasClosed = true
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
    for camera in 0..<cameraCount { discard(camera) }
  }

  /// Nothing is handed over any more.
  public var isClosed: Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return hasClosed
  }

  /// Frames of a camera that were replaced by newer ones before anyone took them.
  public func replacedCount(camera: Int) -> UInt64 {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return slots[camera].replacedCount
  }

  /// Offers a frame in place of the one that waits, which goes back to its camera.
  func put(_ frame: consuming Frame) {
    var newest = consume frame
    pthread_mutex_lock(mutex)
    guard !hasClosed else {
      pthread_mutex_unlock(mutex)
      return
    }
    let camera = newest.camera
    let replaced = slots[camera].frame.take()
    if let replaced {
      newest.droppedBefore &+= replaced.droppedBefore &+ 1
      slots[camera].replacedCount &+= 1
    }
    slots[camera].frame = consume newest
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }

  /// Takes back the frame of a camera that nobody has taken.
  func discard(_ camera: Int) {
    pthread_mutex_lock(mutex)
    let waiting = slots[camera].frame.take()
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
    // Destroyed after the lock is free: its owner may have to wait.
    _ = consume waiting
  }

  /// Waits until the slot of a camera is empty; false after `timeout`.
  func waitUntilTaken(camera: Int, timeout: Duration) -> Bool {
    let deadline = timespec(MonotonicClock.deadline(after: timeout))
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while slots[camera].frame != nil {
      if !wait(until: deadline) { return false }
    }
    return true
  }

  private func takeNext() -> Frame? {
    for step in 0..<cameraCount {
      let camera = (firstSlot + step) % cameraCount
      if let frame = slots[camera].frame.take() {
        firstSlot = (camera + 1) % cameraCount
        return frame
      }
    }
    return nil
  }

  /// With the mutex held; false once the deadline has passed.
  private func wait(until deadline: timespec) -> Bool {
    var deadline = deadline
    return pthread_cond_timedwait(changed, mutex, &deadline) != ETIMEDOUT
  }
}
