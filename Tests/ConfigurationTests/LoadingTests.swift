import Testing

@testable import Configuration

@Suite struct LoadingTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test(arguments: ["", "\n\n", "# nothing\n", "---\n", "cameras:\n#  - name: door\n", "{}"])
  func filesThatSetNothingGiveTheDefaults(text: String) throws {
    let settings = try directory.load(text)
    #expect(settings == Settings(directories: directory.directories))
    #expect(settings.cameras.map(\.name) == ["camera"])
    #expect(settings.cameras[0].source == .device(.auto))
    #expect(settings.cameras[0].regions == [Settings.Region(name: "all")])
    #expect(settings.models.directory == "/var/lib/maskd/models")
    #expect(settings.models.packaged == "/m/packaged.tflite")
    #expect(settings.results.socket == "/run/maskd/results.sock")
  }

  @Test func noFileAtAllGivesTheDefaults() throws {
    #expect(try Settings.load(directories: directory.directories) == Settings(directories: directory.directories))
  }

  @Test func aFolderThatWasNamedMustBeThere() {
    var directories = directory.directories
    directories.configuration = directory.path + "/nowhere"
    #expect(throws: Never.self) { try Settings.load(directories: directories) }
    let errors = #expect(throws: ConfigurationErrors.self) {
      try Settings.load(directories: directories, mustExist: true)
    }
    #expect(errors?.description.contains(directories.configuration) == true)
  }

  @Test func whatIsInTheWayOfTheFolderIsNotPassedOver() throws {
    var directories = directory.directories
    directories.configuration = try directory.write("file", "")
    #expect(throws: ConfigurationErrors.self) { try Settings.load(directories: directories) }
  }

  @Test func everyKeyArrives() throws {
    let settings = try directory.load(Self.everything)
    var expected = Settings(directories: directory.directories)
    var door = Settings.Camera(name: "door")
    door.device = .identifier("usb-046d_C270-video-index0")
    (door.width, door.height, door.rate) = (1280, 720, 12.5)
    door.formats = [.mjpeg, .yuyv]
    door.stallAfter = .seconds(5)
    var left = Settings.Region(name: "left")
    (left.x, left.y, left.width, left.height, left.minPixels) = (0, 0.25, 0.5, 0.75, 48)
    door.regions = [left, Settings.Region(name: "whole")]
    var tape = Settings.Camera(name: "tape")
    tape.replay = Settings.Replay(path: "/srv/pictures with spaces")
    tape.replay?.rate = .framesPerSecond(10)
    tape.replay?.loop = false
    expected.cameras = [door, tape]
    expected.decision.upperThreshold = 0.8
    expected.decision.lowerThreshold = 0.6
    expected.decision.smoothing = .milliseconds(300)
    expected.decision.hold = .seconds(1)
    expected.decision.settleFrames = 1
    expected.decision.staleAfter = .seconds(60)
    expected.decision.darkBelow = 12.5
    expected.decision.blurredBelow = 40
    expected.decision.overloadAbove = .milliseconds(1500)
    expected.results.socket = "/tmp/results.sock"
    expected.results.mode = 0o666
    expected.results.queueBytes = 1 << 20
    expected.results.resultsPerSecond = 0
    expected.results.maxClients = 8
    expected.models.directory = "/srv/drop"
    expected.models.stateDirectory = "/srv/state"
    expected.models.packaged = "/srv/first.tflite"
    expected.models.settle = .seconds(3)
    expected.models.rescan = .seconds(30)
    expected.models.maxBytes = 64 << 20
    expected.models.latencyBudget = .milliseconds(80)
    expected.engine.threads = 2
    expected.engine.kernels = .generic
    expected.journal.level = .debug
    #expect(settings == expected)
  }

  static let everything = """
    cameras:
      - name: door
        device: usb-046d_C270-video-index0
        width: 1280
        height: 720
        rate: 12.5
        formats: [mjpeg, yuyv]
        stall_after: 5s
        regions:
          - {name: left, x: 0, y: 0.25, width: 0.5, height: 0.75, min_pixels: 48}
          - name: whole
      - name: tape
        replay:
          path: /srv/pictures with spaces
          rate: 10
          loop: false
    decision:
      upper_threshold: 0.8
      lower_threshold: 0.6
      smoothing: 300ms
      hold: 1
      settle_frames: 1
      stale_after: 1min
      dark_below: 12.5
      blurred_below: 40
      overload_above: 1.5s
    results:
      socket: /tmp/results.sock
      mode: "0666"
      queue_bytes: 1MiB
      results_per_second: 0
      max_clients: 8
    models:
      directory: /srv/drop
      state_directory: /srv/state
      packaged: /srv/first.tflite
      settle: 3s
      rescan: 30s
      max_bytes: 64MiB
      latency_budget: 80ms
    engine:
      threads: 2
      kernels: generic
    journal:
      level: debug
    """

  @Test(arguments: [
    ("auto", Settings.Device.auto), ("3", .index(3)), ("/dev/video2", .path("/dev/video2")),
    ("usb-Cam_1-video-index0", .identifier("usb-Cam_1-video-index0")),
  ])
  func devices(text: String, device: Settings.Device) throws {
    let settings = try directory.load("cameras: [{device: \(text)}]")
    #expect(settings.cameras[0].device == device)
  }

  @Test(arguments: [("500ms", 500_000), ("2s", 2_000_000), ("0.25", 250_000), ("0.5min", 30_000_000), ("250us", 250)])
  func durations(text: String, microseconds: Int64) throws {
    #expect(try directory.load("decision: {smoothing: \(text)}").decision.smoothing == .microseconds(microseconds))
  }

  @Test func laterFilesOverrideKeyByKeyAndReplaceLists() throws {
    directory.makeDirectory("conf.d")
    try directory.write(
      "maskd.yaml", "decision: {hold: 1s, settle_frames: 2}\ncameras: [{name: a}, {name: b, device: 1}]\n")
    try directory.write("conf.d/20-late.yaml", "decision:\n  hold: 4s\n")
    try directory.write("conf.d/10-early.yaml", "decision:\n  hold: 3s\n  smoothing: 1s\ncameras: [{name: c}]\n")
    try directory.write("conf.d/30-off.yaml.disabled", "not: read\n")
    try directory.write("conf.d/.hidden.yaml", "not: read\n")
    let settings = try Settings.load(directories: directory.directories)
    #expect(settings.decision.hold == .seconds(4))
    #expect(settings.decision.smoothing == .seconds(1))
    #expect(settings.decision.settleFrames == 2)
    #expect(settings.cameras.map(\.name) == ["c"])
  }

  @Test func renderingsGiveTheSameSettings() throws {
    var odd = try directory.load(Self.everything)
    odd.cameras[0].device = .identifier("ä \"cam\": #1\\")
    odd.cameras[1].replay?.path = "/srv/null: [x]\n\t\u{7f}"
    odd.cameras[1].replay?.rate = .unlimited
    odd.cameras[0].regions[0].x = 0.1 + 0.2
    (odd.cameras[0].regions[1].y, odd.cameras[0].regions[1].height) = (0.00003, 0.5)
    odd.decision.smoothing = .microseconds(1)
    odd.models.maxBytes = 1025
    odd.results.mode = 0o7
    for settings in [Settings(directories: directory.directories), try directory.load(Self.everything), odd] {
      let text = settings.rendered()
      #expect(try directory.load(text) == settings, "\(text)")
    }
  }

  @Test func theRenderingNamesEveryKey() throws {
    let text = try directory.load(Self.everything).rendered()
    for (key, _) in Settings.keys {
      let last = try #require(key.split(separator: ".").last)
      #expect(text.contains("\(last):"), "\(key)")
    }
    #expect(Settings.keys.count == 40)
  }
}
