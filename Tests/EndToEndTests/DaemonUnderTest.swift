import Glibc

/// The real daemon, as an ordinary user starts it, with all its folders in a temporary one.
final class DaemonUnderTest {
  let folder: TemporaryFolder
  let drops: String
  let configuration: String
  let socketPath: String
  private(set) var program: Program?

  /// Makes the folders and the configuration, and starts nothing.
  /// - Parameters:
  ///   - cameras: the YAML list of cameras; by default a replay of the sample faces.
  ///   - more: further YAML.
  init(cameras: String? = nil, more: String = "") throws {
    folder = try TemporaryFolder()
    drops = try folder.makeFolder("drops")
    _ = try folder.makeFolder("run")
    _ = try folder.makeFolder("pictures")
    configuration = try folder.makeFolder("config") + "/maskd.yaml"
    socketPath = folder.path + "/run/results.sock"
    for person in ["bluford", "jemison"] {
      for picture in ["face", "face_mask"] {
        let name = "\(person)_\(picture).jpg"
        try write(try readBytes("\(packageFolder)/models/samples/\(name)"), to: "\(folder.path)/pictures/\(name)")
      }
    }
    try configure(cameras: cameras ?? replay(rate: "20"), more: more)
  }

  /// A camera that replays the sample pictures: frames a second, or "unlimited".
  func replay(rate: String, name: String = "album") -> String {
    """
      - name: \(name)
        replay: {path: "\(folder.path)/pictures", rate: \(rate), loop: true}
        regions:
          - {name: face}
    """
  }

  /// Writes the configuration.
  func configure(cameras: String, more: String = "") throws {
    try write(
      """
      cameras:
      \(cameras)
      results:
        socket: "\(socketPath)"
        results_per_second: 0
      models:
        directory: "\(drops)"
        state_directory: "\(folder.path)/state"
        packaged: "\(packageFolder)/models/mask_mobilenetv2_int8.tflite"
        settle: 200ms
        rescan: 1s
        latency_budget: 20s
      \(more)

      """.utf8, to: configuration)
  }

  /// Starts the daemon.
  @discardableResult func start(environment: [String: String] = [:]) throws -> Program {
    let program = try Program(
      "maskd", ["--config", folder.path + "/config"],
      environment: environment.merging(["HOME": folder.path]) { given, _ in given }, log: folder.path + "/log")
    self.program = program
    return program
  }

  /// A client of this daemon.
  func connect() throws -> ResultsReader { try ResultsReader(path: socketPath) }

  /// Puts a file into the drop directory as `cp` does: opened, written, closed.
  func drop(_ bytes: some Sequence<UInt8>, as name: String) throws {
    try write(bytes, to: "\(drops)/\(name)")
  }

  /// The bundled model, with `extra` bytes behind it, which make it another file with the same answers.
  func bundledModel(extra: Int = 0) throws -> [UInt8] {
    try readBytes("\(packageFolder)/models/mask_mobilenetv2_int8.tflite") + [UInt8](repeating: 0, count: extra)
  }

  /// The sidecar of the bundled model.
  func bundledSidecar() throws -> [UInt8] {
    try readBytes("\(packageFolder)/models/mask_mobilenetv2_int8.json")
  }

  deinit { program = nil }
}
