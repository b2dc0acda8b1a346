import Imaging

/// One picture of a camera or a replay, on loan: its memory goes back to the source when the frame is destroyed.
///
/// The bytes stay valid while the frame lives, even where the camera is unplugged or its source stopped meanwhile.
public struct Frame: ~Copyable, @unchecked Sendable {
  // Unchecked because of the pointer: the source writes to the bytes only before it hands the frame out and after
  // the frame is destroyed, and `owner` keeps them mapped.

  /// The number of the camera in its `FrameExchange`.
  public let camera: Int
  /// The format of this frame. It may change after a reconnect, and from picture to picture of a replay.
  public let format: PictureFormat
  /// Grows by one for each frame that the camera took, whether it reached us or not; goes on after a reconnect.
  public let sequence: UInt64
  /// When the frame was taken: microseconds of CLOCK_MONOTONIC.
  public let captureTime: UInt64
  /// When it reached this process: microseconds of CLOCK_MONOTONIC.
  public let dequeueTime: UInt64
  /// Frames that were lost, damaged or replaced by newer ones since the last frame that was handed out.
  public internal(set) var droppedBefore: UInt64

  private let bytes: UnsafeRawBufferPointer
  private let owner: any FrameOwner
  private let index: Int

  init(
    camera: Int, format: PictureFormat, sequence: UInt64, captureTime: UInt64, dequeueTime: UInt64,
    droppedBefore: UInt64, bytes: UnsafeRawBufferPointer, owner: any FrameOwner, index: Int
  ) {
    self.camera = camera
    self.format = format
    self.sequence = sequence
    self.captureTime = captureTime
    self.dequeueTime = dequeueTime
    self.droppedBefore = droppedBefore
    self.bytes = bytes
    self.owner = owner
    self.index = index
  }

  deinit { owner.takeBack(index) }

  /// A view of the pixels, valid only while this frame lives.
  public var picture: Picture { Picture(format: format, bytes: bytes) }
}

/// Who the memory of frames belongs to. A frame keeps its owner alive.
protocol FrameOwner: AnyObject, Sendable {
  /// The frame of buffer `index` was destroyed; called on any thread.
  func takeBack(_ index: Int)
}
