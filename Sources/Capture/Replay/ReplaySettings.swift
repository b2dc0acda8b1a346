/// How fast a replay runs.
public enum ReplayRate: Sendable, Equatable {
  /// The rate that the file states (.y4m); 5 frames a second where it states none.
  case recorded
  /// As fast as frames are taken: each waits until the one before was taken, so that none is replaced.
  case unlimited
  /// Frames a second, whether they are taken or not: the newest wins, as with a camera.
  case framesPerSecond(Double)
}

/// Which pictures are shown in place of a camera.
public struct ReplaySettings: Sendable, Equatable {
  /// A directory of JPEG and PNG pictures (shown in the order of their names), a .y4m file, or a Motion-JPEG file
  /// (JPEG pictures one after the other).
  public var path: String
  /// How fast.
  public var rate: ReplayRate
  /// Starts again at the end; else the end is an event `lost` with reason `end_of_input`.
  public var loops: Bool

  /// Makes settings.
  public init(path: String, rate: ReplayRate = .recorded, loops: Bool = true) {
    self.path = path
    self.rate = rate
    self.loops = loops
  }
}
