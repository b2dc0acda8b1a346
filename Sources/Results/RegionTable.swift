/// Gives each region a small number, so that a line is matched with a subscription without looking at its bytes.
struct RegionTable {
  struct Name: Hashable {
    let camera, region: String
  }

  /// Regions beyond this many share no number: they pass every subscription and are not rate limited.
  static let limit = 4096

  private(set) var names: [Name] = []
  private var numbers: [Name: UInt16] = [:]

  /// The number of a region, given to it when it is first named.
  mutating func number(camera: String, region: String) -> UInt16? {
    let name = Name(camera: camera, region: region)
    if let number = numbers[name] { return number }
    guard names.count < Self.limit else { return nil }
    let number = UInt16(names.count)
    names.append(name)
    numbers[name] = number
    return number
  }
}

/// Limits the `result` lines of each region.
struct ResultPace {
  /// µs between two lines of a region; 0 lets all pass.
  private var interval: UInt64
  private var due: [UInt64] = []

  /// Takes lines a second; 0, or what is no positive number, lets all pass.
  init(perSecond rate: Double) {
    interval = rate > 0 && rate.isFinite ? UInt64(1_000_000 / max(rate, 0.001)) : 0
  }

  /// Whether a line of a frame captured at a time (µs) may pass. Frames that come a little early pass as well, so that
  /// a camera at just the limit's rate loses none to its jitter; the mean rate is the limit's.
  mutating func allows(region: UInt16, at time: UInt64) -> Bool {
    guard interval > 0 else { return true }
    let index = Int(region)
    while due.count <= index { due.append(0) }
    let tolerance = interval / 8
    let wait = due[index] > time ? due[index] - time : 0
    // A wait longer than the interval means that the clock of the source started anew.
    if wait > tolerance, wait <= interval + tolerance { return false }
    let isFarOff = wait > tolerance || time - min(time, due[index]) > interval
    due[index] = (isFarOff ? time : due[index]) &+ interval
    return true
  }
}
