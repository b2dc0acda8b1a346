import Imaging

/// A change of a source that people and programs are told of, once a change.
///
///     start ──▶ found ──▶ stalled ──▶ recovered     a stalled camera is restarted until frames come
///       │        │  ▲        │
///       └──▶ lost ◀─┘        └──▶ lost               a lost one is looked for, for ever
public struct CameraEvent: Sendable, Equatable {
  /// What happened.
  public enum Kind: String, Sendable, CaseIterable {
    /// Frames come: for the first time, or again after `lost`.
    case found
    /// The device is gone or cannot be used, or the replay is at its end. Told again when the reason changes.
    case lost
    /// The device is there, but no usable frame came for too long.
    case stalled
    /// Frames come again after `stalled`.
    case recovered
    /// The format of the frames that follow: before the first `found`, and whenever it changes. The pictures of a
    /// replay may differ in size without an event; each frame has its own format.
    case format
    /// A picture of a replay cannot be used and was left out. Once a file; no word of the results protocol.
    case skipped
  }

  /// Why, as a stable word.
  public enum Reason: String, Sendable, CaseIterable {
    /// There is no such device.
    case notFound = "not_found"
    /// This user may not open it.
    case permissionDenied = "permission_denied"
    /// Another program uses it.
    case busy
    /// It is not a camera, or gives no format that we take.
    case unsupported
    /// It was there and went away.
    case unplugged
    /// A call on it failed.
    case deviceError = "device_error"
    /// No frame came in time.
    case noFrames = "no_frames"
    /// Frames came, but all were damaged.
    case damagedFrames = "damaged_frames"
    /// A replay that does not loop is over; its last frame was taken.
    case endOfInput = "end_of_input"
    /// A file of a replay cannot be read.
    case unreadable
    /// A file of a replay is not what its name says, or is cut short.
    case malformed
    /// A replay has not a single usable picture.
    case noPictures = "no_pictures"
  }

  /// The number of the camera in its `FrameExchange`.
  public let camera: Int
  /// What happened.
  public let kind: Kind
  /// The device node, or the file of a replay; what was asked for where nothing was found.
  public let device: String
  /// Why; nil where there is nothing to explain.
  public let reason: Reason?
  /// The name of errno, for example `ENODEV`; nil where no call failed.
  public let errorName: String?
  /// One sentence for people.
  public let detail: String
  /// With `format` alone: what the frames are.
  public let format: PictureFormat?

  init(
    camera: Int, kind: Kind, device: String, reason: Reason? = nil, errorName: String? = nil, detail: String,
    format: PictureFormat? = nil
  ) {
    self.camera = camera
    self.kind = kind
    self.device = device
    self.reason = reason
    self.errorName = errorName
    self.detail = detail
    self.format = format
  }
}
