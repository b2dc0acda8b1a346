import Results

/// Messages and descriptions to try things with.
enum Sample {
  static let labels = ["mask", "no_mask"]
  static let sha256 = String(repeating: "0123456789abcdef", count: 4)

  static let cameras = [
    CameraDescription(
      name: "door", device: "/dev/video0",
      regions: [RegionDescription(name: "left", width: 0.5), RegionDescription(name: "right", x: 0.5, width: 0.5)]),
    CameraDescription(name: "hall", device: "/srv/replay", regions: [RegionDescription(name: "all")]),
  ]

  static let model = ActiveModel(name: "mask_v1", sha256: sha256, generation: 1, labels: labels)

  static func result(
    _ frame: UInt64, camera: String = "door", region: String = "left", capturedAt: UInt64? = nil
  ) -> Message {
    .result(
      ResultMessage(
        camera: camera, region: region, scores: LabelScores(labels: labels, scores: [0.75, 0.25]), frame: frame,
        capturedAt: capturedAt ?? frame * 33_333,
        latency: .init(dequeue: 900, preprocess: 1200, inference: 8000, total: 11_000), generation: 1))
  }

  static func state(_ state: String, reason: String? = nil, camera: String = "door", region: String = "left") -> Message
  {
    .state(
      StateMessage(
        camera: camera, region: region, state: state, reason: reason, previous: "indeterminate", since: 0, score: 0.9,
        scores: LabelScores(labels: labels, scores: [0.9, 0.1]), generation: 1))
  }

  static let lost = Message.camera(
    CameraMessage(
      camera: "door", event: .lost, device: "/dev/video0", reason: "unplugged", errno: "ENODEV",
      detail: "VIDIOC_DQBUF /dev/video0: No such device"))

  static func model(
    _ phase: String, name: String = "x", sha256: String? = nil, generation: UInt64? = nil, reason: String? = nil
  ) -> Message {
    .model(
      ModelMessage(
        name: name, sha256: sha256, phase: phase, generation: generation, reason: reason,
        detail: reason.map { "because \($0)" }))
  }

  static let overload = Message.overload(OverloadMessage(active: true, shed: 12, budget: 33_333, measured: 50_000))

  /// A publisher that serves on a socket, with every result let through unless told otherwise.
  static func publisher(
    on path: String, resultsPerSecond: Double = 0, queueByteCount: Int = 256 * 1024
  ) throws -> Publisher {
    var settings = PublisherSettings(version: "1.2.3", engine: "generic")
    settings.resultsPerSecond = resultsPerSecond
    settings.queueByteCount = queueByteCount
    let publisher = Publisher(settings)
    publisher.setCameras(cameras)
    publisher.setModel(model)
    try publisher.start(on: Listener(path: path))
    return publisher
  }
}
