/// Notices that frames come faster than they are judged, and that they no longer do.
///
/// Frames are counted over windows of two seconds. An overload begins with a window in which more than half of the
/// frames were shed, and ends with one in which fewer than a tenth were: between the two nothing is said, so that a
/// load at the edge does not flap. A window without enough frames goes on: the first frame after a camera was away says
/// nothing about the load.
struct OverloadMonitor {
  /// What a client is told at a change.
  struct Change: Equatable {
    let isOverloaded: Bool
    /// Frames shed in the window.
    let shed: UInt64
    /// µs between two frames of the source, on average over the window.
    let budget: UInt64
    /// µs that judging one frame took, on average over the window.
    let measured: UInt64
  }

  private static let window: UInt64 = 2_000_000
  private static let fewestFrames: UInt64 = 4

  private(set) var isOverloaded = false
  private var windowStart: UInt64
  private var judged: UInt64 = 0
  private var shed: UInt64 = 0
  private var lastShedInTotal: UInt64 = 0
  private var busy: UInt64 = 0

  /// Starts a window at `time`, in µs.
  init(at time: UInt64) {
    windowStart = time
  }

  /// Notes one judged frame: how many its camera has shed since it was started, and how long judging took in µs.
  mutating func note(shedInTotal: UInt64, busy duration: UInt64, at time: UInt64) -> Change? {
    judged += 1
    // A count that is lower than before is that of a camera that was started anew.
    shed += shedInTotal >= lastShedInTotal ? shedInTotal - lastShedInTotal : shedInTotal
    lastShedInTotal = shedInTotal
    busy += duration
    let elapsed = time > windowStart ? time - windowStart : 0
    let came = judged + shed
    guard elapsed >= Self.window, came >= Self.fewestFrames else { return nil }
    defer { startWindow(at: time) }
    let wasOverloaded = isOverloaded
    if shed * 2 > came { isOverloaded = true } else if shed * 10 < came { isOverloaded = false }
    guard isOverloaded != wasOverloaded else { return nil }
    return Change(isOverloaded: isOverloaded, shed: shed, budget: elapsed / came, measured: busy / judged)
  }

  /// Forgets the frames so far, as they came before the camera was away; an overload lasts until frames say otherwise.
  mutating func startWindow(at time: UInt64) {
    windowStart = time
    judged = 0
    shed = 0
    busy = 0
  }
}
