import Imaging

/// Turns what happens to a source into events: each change once.
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

  /// A usable frame came. While a source simply runs, nothing is done, and neither sentence is made.
  ///
  /// The pictures of a replay may all differ in size: there, only another pixel format counts as a change.
  mutating func reportFrames(
    of device: String, format: PictureFormat, comparesSize: Bool, formatNote: @autoclosure () -> String,
    name: @autoclosure () -> String
  ) {
    let isSameFormat = comparesSize ? format == self.format : format.pixelFormat == self.format?.pixelFormat
    if !isSameFormat {
      self.format = format
      tell(.format, device, detail: formatNote(), format: format)
    }
    guard phase != .running else { return }
    let kind: CameraEvent.Kind = phase == .stalled ? .recovered : .found
    phase = .running
    self.device = device
    tell(kind, device, detail: name())
  }

  /// The source failed, or could not be opened.
  mutating func report(_ error: CaptureError, on wanted: String) {
    let device = error.device ?? self.device ?? wanted
    if case .stalled = error {
      guard phase != .stalled else { return }
      phase = .stalled
      tell(.stalled, device, reason: error.reason, detail: "\(error)")
      return
    }
    let lost = Phase.lost(error.reason, errorName: error.errorName)
    guard phase != lost else { return }
    // That an unplugged camera is not there is no news.
    if case .lost(.unplugged, _) = phase, error.reason == .notFound { return }
    phase = lost
    tell(.lost, device, reason: error.reason, errorName: error.errorName, detail: "\(error)")
  }

  /// One picture cannot be shown.
  func reportSkipped(_ error: CaptureError, of path: String) {
    tell(.skipped, error.device ?? path, reason: error.reason, errorName: error.errorName, detail: "\(error)")
  }

  /// A recording that is shown once is over.
  mutating func reportEnd(of path: String) {
    phase = .lost(.endOfInput, errorName: nil)
    tell(.lost, path, reason: .endOfInput, detail: "\(path): every picture was shown once, as configured")
  }

  private func tell(
    _ kind: CameraEvent.Kind, _ device: String, reason: CameraEvent.Reason? = nil, errorName: String? = nil,
    detail: String, format: PictureFormat? = nil
  ) {
    onEvent(
      CameraEvent(
        camera: camera, kind: kind, device: device, reason: reason, errorName: errorName, detail: detail,
        format: format))
  }
}
