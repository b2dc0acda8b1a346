/// Which V4L2 device.
public enum CameraSelector: Sendable, Hashable {
  /// The first one that captures and that nobody else uses.
  case first
  /// `/dev/videoN`, followed by its bus place when it comes back under another number.
  case index(Int)
  /// A device node or a link to one; a node `/dev/videoN` is followed as with `index`.
  case path(String)
  /// A name in `/dev/v4l/by-id`.
  case identifier(String)
}

/// What a camera may send, and how it is taken.
public enum CameraFormat: Sendable, Hashable, CaseIterable {
  /// 4:2:2, one plane.
  case yuyv
  /// 4:2:0, two planes.
  case nv12
  /// Luma alone; taken only where the camera offers no colour format of the list.
  case grey
  /// Motion-JPEG, handed on as it is.
  case mjpeg
  /// Whatever else libv4l can make RGB of.
  case converted
}

/// What is asked of a camera. It gives what is nearest.
public struct CameraSettings: Sendable, Equatable {
  /// Which device.
  public var selector: CameraSelector
  /// The wanted width in pixels; nil: 640.
  public var width: Int?
  /// The wanted height in pixels; nil: 480.
  public var height: Int?
  /// The wanted frames a second; nil: what the camera does by itself.
  public var rate: Double?
  /// The formats that may be used, the best liked first.
  public var formats: [CameraFormat]
  /// Without a usable frame for this long a camera has stalled. At least three times the camera's own frame
  /// interval is waited, and five seconds for its first frame.
  public var stallAfter: Duration

  /// Makes settings; the defaults suit the first camera at hand.
  public init(
    selector: CameraSelector = .first, width: Int? = nil, height: Int? = nil, rate: Double? = nil,
    formats: [CameraFormat] = CameraFormat.allCases, stallAfter: Duration = .seconds(2)
  ) {
    self.selector = selector
    self.width = width
    self.height = height
    self.rate = rate
    self.formats = formats
    self.stallAfter = stallAfter
  }
}
