/// Every key with its range, in the order in which it is written.
///
/// The tables are computed, as key paths cannot be shared between threads; they are used when files are read.
enum Schema {
  /// Most cameras of one daemon.
  static let mostCameras = 16
  /// Most regions of one camera.
  static let mostRegions = 64

  static var settings: [Field<Settings>] {
    [
      .groups("cameras", \.cameras, most: mostCameras, new: { .init(name: numbered("camera", $0)) }, camera),
      .group("decision", \.decision, decision),
      .group("results", \.results, results),
      .group("models", \.models, models),
      .group("engine", \.engine, engine),
      .group("journal", \.journal, journal),
    ]
  }

  static var camera: [Field<Settings.Camera>] {
    let ofDevices: [Field<Settings.Camera>] = [
      .one("device", \.device, .device),
      .one("width", \.width, .either("auto", or: .integer(16...8192))),
      .one("height", \.height, .either("auto", or: .integer(16...8192))),
      .one("rate", \.rate, .either("auto", or: .number(0.1...1000))),
      .several("formats", \.formats, .word, most: Settings.Format.allCases.count),
    ]
    return [.one("name", \.name, .name)]
      + ofDevices.map { $0.written { $0.replay == nil } } + [
        .group("replay", \.replay, new: .init(path: ""), replay),
        .one("stall_after", \.stallAfter, .duration(.milliseconds(100) ... .seconds(600))),
        .groups(
          "regions", \.regions, most: mostRegions, new: { .init(name: $0 == 0 ? "all" : numbered("region", $0)) },
          region),
      ]
  }

  static var replay: [Field<Settings.Replay>] {
    [
      .one("path", \.path, .path()),
      .one("rate", \.rate, .replayRate),
      .one("loop", \.loop, .boolean),
    ]
  }

  static var region: [Field<Settings.Region>] {
    [
      .one("name", \.name, .name),
      .one("x", \.x, .number(0...1)),
      .one("y", \.y, .number(0...1)),
      .one("width", \.width, .number(0.001...1)),
      .one("height", \.height, .number(0.001...1)),
      .one("min_pixels", \.minPixels, .integer(0...8192)),
    ]
  }

  static var decision: [Field<Settings.Decision>] {
    [
      .one("upper_threshold", \.upperThreshold, .either("model", or: .number(0.5...1))),
      .one("lower_threshold", \.lowerThreshold, .either("model", or: .number(0...1))),
      .one("smoothing", \.smoothing, .duration(.zero ... .seconds(60))),
      .one("hold", \.hold, .duration(.zero ... .seconds(60))),
      .one("settle_frames", \.settleFrames, .integer(1...100)),
      .one("stale_after", \.staleAfter, .duration(.milliseconds(100) ... .seconds(3600))),
      .one("dark_below", \.darkBelow, .number(0...255)),
      .one("blurred_below", \.blurredBelow, .number(0...1_000_000)),
      .one("overload_above", \.overloadAbove, .duration(.milliseconds(10) ... .seconds(60))),
    ]
  }

  static var results: [Field<Settings.Results>] {
    [
      // The kernel's sun_path has 108 bytes, the last of them zero.
      .one("socket", \.socket, .path(longest: 107)),
      .one("mode", \.mode, .mode),
      .one("queue_bytes", \.queueBytes, .byteCount((192 << 10)...(64 << 20))),
      .one("results_per_second", \.resultsPerSecond, .number(0...1000)),
      .one("max_clients", \.maxClients, .integer(1...64)),
    ]
  }

  static var models: [Field<Settings.Models>] {
    [
      .one("directory", \.directory, .path()),
      .one("state_directory", \.stateDirectory, .path()),
      .one("packaged", \.packaged, .path()),
      .one("settle", \.settle, .duration(.milliseconds(50) ... .seconds(600))),
      .one("rescan", \.rescan, .duration(.milliseconds(100) ... .seconds(3600))),
      .one("max_bytes", \.maxBytes, .byteCount((1 << 10)...(512 << 20))),
      .one("latency_budget", \.latencyBudget, .duration(.milliseconds(1) ... .seconds(60))),
    ]
  }

  static var engine: [Field<Settings.Engine>] {
    [
      .one("threads", \.threads, .either("auto", or: .integer(1...64))),
      .one("kernels", \.kernels, .word),
    ]
  }

  static var journal: [Field<Settings.Journal>] {
    [.one("level", \.level, .word)]
  }

  private static func numbered(_ word: String, _ index: Int) -> String {
    index == 0 ? word : "\(word)\(index + 1)"
  }
}
