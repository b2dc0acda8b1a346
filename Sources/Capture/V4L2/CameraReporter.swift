import Imaging

/// Turns what happens to a camera into events: each change once.
struct CameraReporter {
  private enum Phase: Equatable {
    case starting
    case running
    case stalled
    case lost(CameraEvent.Reason, errorName: String?)
  }

  private let camera: Int
  private let onEvent: @Sendable (CameraEvent) -> Void
  private var phase = Phase.starting
  private var format: PictureFormat?
  /// The node that frames came from last.
  private var device: String?

  init(camera: Int, onEvent: @escaping @Sendable (CameraEvent) -> Void) {
    self.camera = camera
    self.onEvent = onEvent
  }

  /// A usable frame came. Does nothing while a camera simply runs.
  mutating func reportFrames(from stream: CaptureStream) {
    guard phase != .running || format != stream.format?.picture else { return }
    if let picture = stream.format?.picture, picture != format {
      format = picture
      let code = stream.format?.code.description ?? ""
      let rate = Self.rate(stream.format?.frameInterval)
      let detail = "\(stream.path): \(picture)\(rate), the camera's own format is \(code)"
      onEvent(CameraEvent(camera: camera, kind: .format, device: stream.path, detail: detail, format: picture))
    }
    guard phase != .running else { return }
    let kind: CameraEvent.Kind = phase == .stalled ? .recovered : .found
    phase = .running
    device = stream.path
    let name = stream.identity.map { "\($0.card) (\($0.busPlace))" } ?? "the camera"
    onEvent(CameraEvent(camera: camera, kind: kind, device: stream.path, detail: "\(stream.path): frames of \(name)"))
  }

  /// The camera failed, or could not be opened.
  mutating func report(_ error: CaptureError, on wanted: String) {
    if case .stalled(let device, _, _) = error {
      guard phase != .stalled else { return }
      phase = .stalled
      onEvent(
        CameraEvent(
          camera: camera, kind: .stalled, device: device, reason: error.reason, detail: "\(error)"))
      return
    }
    let lost = Phase.lost(error.reason, errorName: error.errorName)
    guard phase != lost else { return }
    // That an unplugged camera is not there is no news.
    if case .lost(.unplugged, _) = phase, error.reason == .notFound { return }
    phase = lost
    onEvent(
      CameraEvent(
        camera: camera, kind: .lost, device: error.device ?? device ?? wanted, reason: error.reason,
        errorName: error.errorName, detail: "\(error)"))
  }

  private static func rate(_ interval: UInt64?) -> String {
    guard let interval, interval > 0 else { return "" }
    let tenths = (10_000_000 + interval / 2) / interval
    return " at \(tenths / 10).\(tenths % 10) frames a second"
  }
}
