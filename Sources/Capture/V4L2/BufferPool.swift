import CV4L2
import EventLoop
import Synchronization

/// The mapped buffers of one opening of a camera. They stay mapped until the camera is done with and the last frame
/// that lies in them is destroyed.
final class BufferPool: FrameOwner {
  /// V4L2 knows no more than 32 buffers a queue (VIDEO_MAX_FRAME).
  static let bufferCountMax = 32

  private let calls: any DeviceCalls
  private let waker: Waker
  private let regions: [Region]
  /// A bit for each buffer that came back and was not collected yet.
  private let returned = Atomic<UInt32>(0)

  private struct Region: @unchecked Sendable {
    // Unchecked because of the pointer: the memory is only read, and lives as long as the pool.
    let start: UnsafeMutableRawPointer
    let byteCount: Int
  }

  /// Maps all buffers, or none: a failure undoes what was mapped.
  init(
    of device: VideoDevice, bufferCount: Int, format: NegotiatedFormat, calls: any DeviceCalls, waker: Waker
  ) throws(CaptureError) {
    var regions: [Region] = []
    do throws(CaptureError) {
      for index in 0..<bufferCount {
        let buffer = try device.queryBuffer(index)
        let needed = max(1, format.picture.byteCountMin)
        guard Int(buffer.length) >= needed else {
          let what = "buffer \(index) has \(buffer.length) bytes, a frame needs \(needed)"
          throw CaptureError.driverFault(device: device.path, what: what)
        }
        regions.append(Region(start: try device.map(buffer), byteCount: Int(buffer.length)))
      }
    } catch {
      for region in regions { calls.unmap(region.start, length: region.byteCount) }
      throw error
    }
    self.regions = regions
    self.calls = calls
    self.waker = waker
  }

  deinit {
    for region in regions { calls.unmap(region.start, length: region.byteCount) }
  }

  var count: Int { regions.count }

  /// The first bytes of a buffer; fewer where it is not that long.
  func bytes(_ index: Int, count: Int) -> UnsafeRawBufferPointer {
    let region = regions[index]
    return UnsafeRawBufferPointer(start: region.start, count: min(count, region.byteCount))
  }

  /// Called on the thread that destroys a frame. Only the camera's own thread talks to the device.
  func takeBack(_ index: Int) {
    returned.bitwiseOr(1 << UInt32(index), ordering: .acquiringAndReleasing)
    waker.wake()
  }

  /// The buffers that came back since the last call, a bit for each.
  func collectReturned() -> UInt32 { returned.exchange(0, ordering: .acquiring) }
}
