extension Settings {
  /// Where frames come from, and the regions that are looked at.
  public struct Camera: Equatable, Sendable {
    /// Unique; letters, digits, `.`, `_` and `-`, at most 64.
    public var name: String
    /// Which device; without meaning where `replay` is set.
    public var device: Device = .auto
    /// The wanted width in pixels; nil: what the camera offers nearest to 640 x 480.
    public var width: Int?
    /// The wanted height in pixels; nil: as for `width`.
    public var height: Int?
    /// The wanted frames a second; nil: what the camera does by itself.
    public var rate: Double?
    /// Pixel formats, the best liked first; those not named are not used.
    public var formats: [Format] = Format.allCases
    /// Without a frame for this long a camera counts as stalled.
    public var stallAfter: Duration = .seconds(2)
    /// Recorded pictures in place of a device.
    public var replay: Replay?
    /// At least one; names are unique within the camera.
    public var regions: [Region] = [Region(name: "all")]

    /// The first camera that captures, with the whole frame as one region.
    public init(name: String) { self.name = name }

    /// The device or the recording that frames come from.
    public var source: Source { replay.map(Source.replay) ?? .device(device) }
  }

  /// The device or the recording that frames come from.
  public enum Source: Equatable, Sendable {
    /// A V4L2 device.
    case device(Device)
    /// Recorded pictures.
    case replay(Replay)
  }

  /// Which V4L2 device.
  public enum Device: Equatable, Hashable, Sendable {
    /// The first one that captures.
    case auto
    /// `/dev/videoN`.
    case index(Int)
    /// An absolute path.
    case path(String)
    /// A name in `/dev/v4l/by-id`.
    case identifier(String)
  }

  /// Pixel formats of a camera.
  public enum Format: String, CaseIterable, Sendable {
    case yuyv, nv12, grey, mjpeg
    /// Whatever else libv4l can convert.
    case converted
  }

  /// A directory of pictures, a .y4m file or a Motion-JPEG file.
  public struct Replay: Equatable, Sendable {
    /// The directory or file.
    public var path: String
    /// How fast.
    public var rate: ReplayRate = .recorded
    /// Starts again at the end.
    public var loop: Bool = true

    /// The defaults, with a path.
    public init(path: String) { self.path = path }
  }

  /// How fast a recording runs.
  public enum ReplayRate: Equatable, Sendable {
    /// The rate that the file states; 5 frames a second where it states none.
    case recorded
    /// As fast as frames are judged.
    case unlimited
    /// Frames a second.
    case framesPerSecond(Double)
  }

  /// A part of the frame that is judged by itself, in fractions of the frame.
  public struct Region: Equatable, Sendable {
    /// Unique within the camera; letters, digits, `.`, `_` and `-`, at most 64.
    public var name: String
    /// The left edge, 0…1.
    public var x: Double = 0
    /// The upper edge, 0…1.
    public var y: Double = 0
    /// More than 0; `x + width` is at most 1.
    public var width: Double = 1
    /// More than 0; `y + height` is at most 1.
    public var height: Double = 1
    /// A region whose shorter side has fewer pixels than this is `too_small`; 0: never.
    public var minPixels: Int = 32

    /// The whole frame.
    public init(name: String) { self.name = name }
  }
}
