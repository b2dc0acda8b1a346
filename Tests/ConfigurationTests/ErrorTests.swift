import Glibc
import Testing

@testable import Configuration

@Suite struct ErrorTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test func allErrorsOfAllFilesComeAtOnceInOrder() throws {
    directory.makeDirectory("conf.d")
    try directory.write("maskd.yaml", "decison:\n  hold: 1s\nresults:\n  max_clients: many\n  mode: 0999\n")
    try directory.write("conf.d/a.yaml", "models: 7\nengine: {threads: 0}\n")
    try directory.write("conf.d/b.yaml", "cameras: [\n")
    #expect {
      try Settings.load(directories: directory.directories)
    } throws: { error in
      let lines = "\(error)".split(separator: "\n").map { $0.dropFirst(directory.path.count + 1) }
      #expect(
        lines.map(String.init) == [
          "maskd.yaml:1: decison: \"decison\" is no known key; decision is the nearest one",
          "maskd.yaml:4: results.max_clients: \"many\" is not a whole number from 1 to 64",
          "maskd.yaml:5: results.mode: \"0999\" is not permissions in octal from 0000 to 0777, for example 0660",
          "conf.d/a.yaml:1: models: \"7\" is no group of keys (directory, state_directory, packaged, settle, rescan, "
            + "max_bytes, latency_budget)",
          "conf.d/a.yaml:2: engine.threads: \"0\" is not auto or a whole number from 1 to 64",
          "conf.d/b.yaml:2: no valid YAML: did not find expected node content; look at the indentation, quotes and "
            + "colons here and just above",
        ])
      return true
    }
  }

  @Test(arguments: [
    ("decision:\n  hold: 61s", "2: decision.hold: \"61s\" is not a duration from 0s to 1min"),
    ("decision:\n  hold: -1s", "2: decision.hold: \"-1s\" is not a duration"),
    ("decision:\n  hold: 1e3", "2: decision.hold: \"1e3\" is not a duration"),
    ("decision:\n  hold: 99999999999999999999999h", "2: decision.hold: "),
    ("decision:\n  hold: [1s]", "2: decision.hold: a list is not a duration"),
    ("decision:\n\n  hodl: 1s", "3: decision.hodl: \"hodl\" is no known key; hold is the nearest one"),
    ("decision:\n  upper_treshold: 0.5", "2: decision.upper_treshold: \"upper_treshold\" is no known key; upper_thr"),
    ("decision:\n  xyzzy: 1", "2: decision.xyzzy: \"xyzzy\" is no known key; known here: upper_threshold, lower_"),
    ("decision:\n  hold: 1s\n  hold: 2s", "3: decision.hold: the key stands in line 2 already"),
    ("decision: {upper_threshold: 0.6,\n  lower_threshold: 0.7}", "2: decision.lower_threshold: 0.7 is above upper_th"),
    (
      "decision: {upper_threshold: .nan}",
      "1: decision.upper_threshold: \".nan\" is not model or a number from 0.5 to 1"
    ),
    ("results: {max_clients: '8'}", "1: results.max_clients: \"8\" is not a whole number"),
    ("results: {max_clients: 8.5}", "1: results.max_clients: \"8.5\" is not a whole number"),
    ("results: {queue_bytes: 9999999999999GiB}", "1: results.queue_bytes: "),
    ("results: {socket: results.sock}", "1: results.socket: \"results.sock\" is not an absolute path"),
    (
      "journal: {level: loud}",
      "1: journal.level: \"loud\" is not one of trace, debug, info, notice, warning, error, cr"
    ),
    ("cameras: []", "1: cameras: the list has 0 elements; 1 to 16 are taken"),
    ("cameras: {name: a}", "1: cameras: a group of keys is no list"),
    ("cameras: [a]", "1: cameras[0]: \"a\" is no group of keys (name, device"),
    ("cameras: [{name: a/b}]", "1: cameras[0].name: \"a/b\" is not a name of 1 to 64 letters"),
    ("cameras:\n- name: a\n- name: a\n  device: 1", "3: cameras[1].name: a is the name of cameras[0] already"),
    ("cameras:\n- name: a\n- name: b\n", "3: cameras[1].device: auto is the device of cameras[0] already"),
    ("cameras: [{device: 256}]", "1: cameras[0].device: \"256\" is not auto, a number"),
    ("cameras: [{device: ../x}]", "1: cameras[0].device: \"../x\" is not auto, a number"),
    ("cameras: [{formats: [yuyv, yuyv]}]", "1: cameras[0].formats: \"yuyv\" is named twice"),
    ("cameras: [{replay: {rate: 5}}]", "1: cameras[0].replay.path: a replay needs the path"),
    ("cameras:\n- replay: {path: /x}\n  device: 1", "3: cameras[0].device: a camera with replay has no device"),
    ("cameras: [{regions: [{x: 0.5, width: 0.6}]}]", "1: cameras[0].regions[0].width: x + width is more than 1"),
    ("cameras: [{regions: [{name: a}, {name: a}]}]", "1: cameras[0].regions[1].name: a is the name of"),
    ("models:\n  state_directory: /a\n  directory: /a/store", "3: models.directory: models are kept by their hash"),
    ("just text", "1: : \"just text\" is no group of keys (cameras, decision"),
    ("[1, 2]: x", "1: : a key is a word"),
    ("a: 1\n---\nb: 2", "2: : a second document begins here"),
    ("decision:\n\thold: 1s", "2: : a tab stands in the indentation"),
    ("decision: &a {hold: 1s}", "1: : anchors (&), aliases (*) and tags (!) are not taken here"),
    ("decision: *a", "1: : anchors (&), aliases (*)"),
    ("decision: {hold: !!str 1s}", "1: : anchors (&), aliases (*)"),
    ("decision: \"open", "1: : no valid YAML: "),
    ("decision:\n  hold: \u{1}", "2: : no valid YAML: control characters are not allowed"),
  ])
  func eachMistakeHasOneSentence(text: String, expected: String) {
    let errors = directory.errors(text)
    #expect(errors.count == 1, "\(errors)")
    #expect(errors.first?.hasPrefix(expected) == true, "\(errors)")
  }

  @Test func aReplayedCameraMayShareNothingWithDevices() throws {
    let settings = try directory.load(
      "cameras: [{name: a}, {name: b, replay: {path: /x}}, {name: c, replay: {path: /y}}]")
    #expect(settings.cameras[2].source == .replay(Settings.Replay(path: "/y")))
  }

  @Test func crossChecksNameTheFileThatSetTheKeyLast() throws {
    directory.makeDirectory("conf.d")
    try directory.write("maskd.yaml", "decision: {upper_threshold: 0.6, lower_threshold: 0.5}\n")
    let late = try directory.write("conf.d/a.yaml", "\n\ndecision: {lower_threshold: 0.7}\n")
    #expect {
      try Settings.load(directories: directory.directories)
    } throws: { error in
      let first = (error as? ConfigurationErrors)?.errors.first
      return first?.file == late && first?.line == 3
    }
  }

  @Test func invalidUTF8IsRefusedWithItsLine() throws {
    try directory.write("maskd.yaml", Array("a: 1\nb: ".utf8) + [0xC3, 0x28, 0x0A])
    #expect {
      try Settings.load(directories: directory.directories)
    } throws: { error in
      "\(error)".contains("maskd.yaml:2: the line is no valid UTF-8")
    }
  }

  @Test func hugeAndDeepFilesAreRefused() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(directory.errors(deep).first?.contains("nested deeper than 16 levels") == true)
    let braces = String(repeating: "{a: ", count: 50_000)
    #expect(directory.errors(braces).first?.contains("nested deeper than 16 levels") == true)
    let huge = String(repeating: "# comment\n", count: 40_000)
    #expect(directory.errors(huge).first?.contains("larger than 262144 bytes") == true)
    let long = "decision: {hold: \"" + String(repeating: "9", count: 200_000) + "\"}"
    #expect(directory.errors(long).first.map { $0.utf8.count < 300 } == true)
  }

  @Test func aFloodOfErrorsIsCut() {
    let text = (0..<5000).map { "key\($0): 1\n" }.joined()
    let errors = directory.errors(text)
    #expect(errors.count == 101)
    #expect(errors.last?.contains("4900 more errors are not shown") == true)
  }

  @Test func whatIsNoRegularFileIsRefused() throws {
    let path = directory.path + "/maskd.yaml"
    #expect(mkfifo(path, 0o600) == 0)
    let load = { try Settings.load(directories: directory.directories) }
    #expect(throws: ConfigurationErrors.self) { try load() }
    #expect(unlink(path) == 0 && symlink("/nowhere", path) == 0)
    #expect { try load() } throws: { "\($0)".contains("maskd.yaml: it cannot be read: No such file or directory") }
  }

  @Test func aNamedFileMustBeThere() {
    #expect(throws: ConfigurationErrors.self) {
      try Settings.load(files: ["/nowhere/maskd.yaml"], directories: directory.directories)
    }
  }

  /// Each byte of a good file in turn is lost, doubled or changed: there is a result or an error, and no crash.
  @Test func mutatedFilesNeverCrash() throws {
    let bytes = Array(LoadingTests.everything.utf8)
    var outcomes = (loaded: 0, refused: 0)
    for position in bytes.indices {
      for change in 0..<4 {
        var mutated = bytes
        switch change {
        case 0: mutated.remove(at: position)
        case 1: mutated.insert(bytes[position], at: position)
        case 2: mutated[position] = UInt8(truncatingIfNeeded: position &* 151 &+ 7)
        default: mutated.removeSubrange(position...)
        }
        let file = try directory.write("mutated.yaml", mutated)
        do {
          _ = try Settings.load(files: [file], directories: directory.directories)
          outcomes.loaded += 1
        } catch {
          outcomes.refused += 1
          #expect(!error.errors.isEmpty)
        }
      }
    }
    #expect(outcomes.loaded > 100 && outcomes.refused > 1000)
  }
}
