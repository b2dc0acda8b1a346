import EventLoop
import Glibc
import Imaging

/// What can be wrong with a source of frames. Its description is one sentence for a person.
public enum CaptureError: Error, Sendable, Equatable {
  /// A call failed; it names the device or file, the call and errno.
  case call(SystemCallError)
  /// There is no such device; `wanted` is what was looked for.
  case notFound(wanted: String)
  /// The device is none that captures pictures by streaming.
  case notACamera(device: String, why: String)
  /// Nothing that the camera offers can be taken.
  case unsupportedFormat(device: String, offered: String)
  /// The driver answered with something that cannot be.
  case driverFault(device: String, what: String)
  /// The input of the device changed: everything is to be set up anew.
  case sourceChanged(device: String)
  /// No usable frame for too long; `damaged` of those that came were unusable.
  case stalled(device: String, milliseconds: Int, damaged: UInt64)
  /// A file is not what it is taken for. `offset` is in bytes.
  case malformed(path: String, offset: Int, what: String)
  /// A picture of a replay cannot be shown.
  case badPicture(path: String, ImagingError)
  /// Nothing to show in a replay's input.
  case noPictures(path: String)
  /// The path of a replay is neither a directory nor a file of a known kind.
  case unknownKind(path: String)

  /// The stable word for events.
  var reason: CameraEvent.Reason {
    switch self {
    case .call(let error): Self.reason(of: error)
    case .notFound: .notFound
    case .notACamera, .unsupportedFormat: .unsupported
    case .driverFault, .sourceChanged: .deviceError
    case .stalled(_, _, let damaged): damaged > 0 ? .damagedFrames : .noFrames
    case .badPicture(_, .unreadable): .unreadable
    case .malformed, .badPicture, .unknownKind: .malformed
    case .noPictures: .noPictures
    }
  }

  /// The device or file, where the error knows it.
  var device: String? {
    switch self {
    case .call(let error): error.subject.isEmpty ? nil : error.subject
    case .notACamera(let device, _), .unsupportedFormat(let device, _), .driverFault(let device, _),
      .sourceChanged(let device), .stalled(let device, _, _):
      device
    case .malformed(let path, _, _), .badPicture(let path, _), .noPictures(let path), .unknownKind(let path): path
    case .notFound: nil
    }
  }

  /// The name of errno, where a call failed.
  var errorName: String? {
    guard case .call(let error) = self else { return nil }
    return ErrorName.of(error.code)
  }

  private static func reason(of error: SystemCallError) -> CameraEvent.Reason {
    if ["read", "opendir"].contains(error.call) { return .unreadable }
    return switch error.code {
    case ENOENT, ENXIO: .notFound
    case EACCES, EPERM: .permissionDenied
    case EBUSY: .busy
    case ENODEV: .unplugged
    default: .deviceError
    }
  }
}

extension CaptureError: CustomStringConvertible {
  /// One sentence: what, where, what would be right.
  public var description: String {
    switch self {
    case .call(let error): error.description
    case .notFound(let wanted): "\(wanted) is not there"
    case .notACamera(let device, let why): "\(device) is not a camera that can be used: \(why)"
    case .unsupportedFormat(let device, let offered):
      "\(device) offers no format that can be taken (it has: \(offered)); "
        + "yuyv, nv12, grey, mjpeg and what libv4l converts to RGB can, as far as the configuration allows them"
    case .driverFault(let device, let what): "\(device): the driver is at fault: \(what)"
    case .sourceChanged(let device): "\(device): its input changed"
    case .stalled(let device, let milliseconds, 0): "\(device): no frame for \(milliseconds) ms"
    case .stalled(let device, let milliseconds, let damaged):
      "\(device): no usable frame for \(milliseconds) ms; \(damaged) came damaged or short"
    case .malformed(let path, let offset, let what): "\(path): at byte \(offset): \(what)"
    case .badPicture(_, let error): error.description
    case .noPictures(let path): "\(path): not a single picture that can be shown; JPEG and PNG can"
    case .unknownKind(let path):
      "\(path): neither a directory of pictures nor, by its first bytes, a .y4m or a Motion-JPEG file"
    }
  }
}
