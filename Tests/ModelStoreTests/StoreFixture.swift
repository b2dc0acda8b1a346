import Glibc
import Testing

@testable import ModelStore

/// A store on real directories, with models of text.
struct StoreFixture {
  let base: TemporaryDirectory
  let recorder = Recorder()
  let probe = FakeProbe()
  var settings: ModelStoreSettings
  var drop: String { base.path + "/models" }

  init() throws {
    base = try TemporaryDirectory()
    base.write("packaged.tflite", "good packaged end")
    settings = ModelStoreSettings(
      dropDirectory: base.path + "/models", stateDirectory: base.path, packagedModel: base.path + "/packaged.tflite",
      settle: .milliseconds(150), rescan: .milliseconds(400), maximumByteCount: 1 << 20)
  }

  func makeStore() -> ModelStore<FakeProbe> {
    ModelStore(settings, probe: probe, onEvent: { [recorder] in recorder.note($0) }) { [recorder] in recorder.note($0) }
  }

  func started() throws -> ModelStore<FakeProbe> {
    let store = makeStore()
    try store.start()
    return store
  }

  /// Drops a good model, lets it judge a frame, and waits until it is committed.
  func commit(_ name: String, _ text: String, _ store: ModelStore<FakeProbe>) throws {
    base.write("models/\(name)", text)
    let probed = try #require(recorder.wait(name, .probed))
    store.activated(try #require(probed.generation))
    _ = try #require(recorder.wait(name, .committed))
  }
}

/// What this process holds in memory, in bytes.
func residentByteCount() throws -> Int {
  let stream = try #require(fopen("/proc/self/statm", "r"))
  defer { fclose(stream) }
  var line = [CChar](repeating: 0, count: 256)
  #expect(fgets(&line, 256, stream) != nil)
  let words = line.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { String(cString: $0) } ?? "" }.split(
    separator: " ")
  return try #require(Int(words[1])) * Int(sysconf(CInt(_SC_PAGESIZE)))
}
