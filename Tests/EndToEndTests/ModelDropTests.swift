import Glibc
import Testing

@Suite(.serialized) struct ModelDropTests {
  @Test func badTruncatedAndGoodDropsUnderAClientThatCounts() throws {
    let daemon = try DaemonUnderTest()
    try daemon.start()
    let reader = try daemon.connect()
    _ = try #require(try reader.wait { $0.type == "result" })

    try daemon.drop("bad\n".utf8, as: "x.tflite")
    let bad = try #require(try reader.wait { $0.type == "model" && $0.phase == "rejected" })
    #expect(bad.name == "x" && bad.reason == "not_tflite")
    #expect(bad.detail?.isEmpty == false)

    let model = try daemon.bundledModel()
    try daemon.drop(model.prefix(model.count / 2), as: "cut.tflite")
    let cut = try #require(try reader.wait { $0.type == "model" && $0.phase == "rejected" && $0.name == "cut" })
    #expect(["truncated", "offset_out_of_bounds"].contains(cut.reason))
    #expect(reader.lines.last { $0.type == "result" }?.generation == 1, "the old model goes on")

    try daemon.drop(try daemon.bundledSidecar(), as: "good.json")
    try daemon.drop(try daemon.bundledModel(extra: 1), as: "good.tflite")
    let committed = try #require(try reader.wait { $0.type == "model" && $0.phase == "committed" && $0.name == "good" })
    #expect(committed.generation == 2)
    _ = try #require(try reader.wait { $0.type == "result" && $0.generation == 2 })
    try reader.read(forSeconds: 1)

    #expect(reader.missingNumbers.isEmpty)
    let results = reader.lines.filter { $0.type == "result" }
    #expect(results.contains { $0.generation == 1 })
    #expect(zip(results, results.dropFirst()).allSatisfy { ($0.generation ?? 0) <= ($1.generation ?? 0) })
  }

  /// A replay as fast as it is judged skips no frame of its own, so whatever is missing, the swap has cost.
  @Test func aSwapCostsAtMostOneFrame() throws {
    let daemon = try DaemonUnderTest()
    try daemon.configure(cameras: daemon.replay(rate: "unlimited"))
    try daemon.start()
    let reader = try daemon.connect()
    _ = try #require(try reader.wait { $0.type == "result" })
    try daemon.drop(try daemon.bundledSidecar(), as: "good.json")
    try daemon.drop(try daemon.bundledModel(extra: 4), as: "good.tflite")
    _ = try #require(try reader.wait { $0.type == "result" && $0.generation == 2 })
    let results = reader.lines.filter { $0.type == "result" }
    let before = try #require(results.last { $0.generation == 1 }?.frame?.seq)
    let after = try #require(results.first { $0.generation == 2 }?.frame?.seq)
    #expect(after - before <= 2, "frame \(before) by the old model, \(after) by the new one")
    #expect(reader.missingNumbers.isEmpty)
  }

  @Test func theLastGoodModelSurvivesARestartAndTheDeletionOfItsFile() throws {
    let daemon = try DaemonUnderTest()
    var program = try daemon.start()
    var reader = try daemon.connect()
    _ = try #require(try reader.wait { $0.type == "result" })
    try daemon.drop(try daemon.bundledSidecar(), as: "kept.json")
    try daemon.drop(try daemon.bundledModel(extra: 2), as: "kept.tflite")
    _ = try #require(try reader.wait { $0.type == "model" && $0.phase == "committed" && $0.name == "kept" })
    unlink(daemon.drops + "/kept.tflite")
    unlink(daemon.drops + "/kept.json")
    program.send(signal: SIGTERM)
    #expect(program.waitForExit() == 0)

    program = try daemon.start()
    reader = try daemon.connect()
    _ = try #require(try reader.wait { $0.type == "result" })
    #expect(reader.lines.first?.model?.name == "kept")
    program.send(signal: SIGTERM)
    #expect(program.waitForExit() == 0)
  }

  @Test func aModelThatIsCopiedSlowlyIsNotTouchedBeforeItIsWhole() throws {
    let daemon = try DaemonUnderTest()
    try daemon.start()
    let reader = try daemon.connect()
    _ = try #require(try reader.wait { $0.type == "result" })
    let model = try daemon.bundledModel(extra: 3)
    let number = open(daemon.drops + "/slow.tflite", O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    let half = model.count / 2
    _ = model.withUnsafeBytes { write(number, $0.baseAddress, half) }
    try reader.read(forSeconds: 1.5)
    #expect(!reader.lines.contains { $0.name == "slow" && $0.phase == "rejected" })
    _ = model.withUnsafeBytes { write(number, $0.baseAddress?.advanced(by: half), model.count - half) }
    close(number)
    let end = try #require(
      try reader.wait { $0.name == "slow" && ($0.phase == "committed" || $0.phase == "rejected") })
    #expect(end.phase == "committed")
  }

  @Test func rejectedDropsDoNotGrowTheDaemon() throws {
    let daemon = try DaemonUnderTest()
    let program = try daemon.start()
    let reader = try daemon.connect()
    _ = try #require(try reader.wait { $0.type == "result" })
    let model = try daemon.bundledModel()
    func reject(_ count: Int, from first: Int) throws {
      for number in first..<first + count {
        try daemon.drop(model.prefix(model.count - 100 - number), as: "bad\(number).tflite")
        _ = try #require(try reader.wait { $0.name == "bad\(number)" && $0.phase == "rejected" })
        unlink("\(daemon.drops)/bad\(number).tflite")
      }
    }
    try reject(3, from: 0)
    let before = try #require(program.memory("VmRSS"))
    try reject(12, from: 3)
    let after = try #require(program.memory("VmRSS"))
    // Twelve models of 2.7 MB each would be 32 MB.
    #expect(after < before + 8_000, "\(before) kB before, \(after) kB after")
  }
}
