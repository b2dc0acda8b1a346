import FoundationEssentials
import Inference
import KerasImport
import TFLite
import Testing

private let fixtures = packageFolder + "/Tests/Fixtures/keras"

private var packageFolder: String {
  // .../Tests/KerasImportTests/KerasImportTests.swift
  #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
}

private func bytes(_ name: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(filePath: "\(fixtures)/\(name)")))
}

private func floats(_ name: String) throws -> [Float] {
  try bytes(name).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
}

private func imported(_ name: String) throws -> Model {
  let archive = name.hasSuffix(".keras") ? try bytes(name) : nil
  return try Model(parsing: KerasImport.model(path: "\(fixtures)/\(name)", archive: archive).encoded())
}

/// Runs a model of one float input and one float output with the plain kernels.
private func answer(_ model: Model, to input: [Float]) throws -> [Float] {
  var options = CompilerOptions()
  options.kernelFamily = "generic"
  let session = Session(try Program(compiling: model, options: options))
  let isFull = session.withInput(0) { bytes in
    input.withUnsafeBytes { bytes.count == $0.count ? bytes.copyMemory(from: $0) : () }
    return bytes.count == input.count * 4
  }
  #expect(isFull)
  session.invoke()
  return session.withOutput(0) { Array($0.bindMemory(to: Float.self)) }
}

@Suite struct KerasImportTests {
  // Answers are Keras's own (Tests/Fixtures/keras/make_fixtures.py).
  @Test(arguments: [
    ("plain.h5", "plain", "plain"), ("plain.keras", "plain", "plain"), ("nested.h5", "nested", "nested"),
    ("nested.keras", "nested", "nested"), ("rare.keras", "rare", "rare"), ("keras2.h5", "plain", "keras2"),
  ])
  func answersAreThoseOfKeras(file: String, input: String, output: String) throws {
    let expected = try floats("\(output).out.bin")
    let found = try answer(try imported(file), to: try floats("\(input).in.bin"))
    #expect(found.count == expected.count)
    for (found, expected) in zip(found, expected) { #expect(abs(found - expected) < 1e-5, "\(found), not \(expected)") }
  }

  @Test func normalizationAndActivationsGoIntoConvolutions() throws {
    let operators = try imported("plain.keras").main.operators.map(\.code.name)
    #expect(
      operators == [
        "MUL", "ADD", "CONV_2D", "DEPTHWISE_CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "LOGISTIC", "MUL", "MAX_POOL_2D",
        "RESHAPE", "FULLY_CONNECTED", "LEAKY_RELU", "FULLY_CONNECTED", "SOFTMAX",
      ])
  }

  @Test func anUnknownLayerIsRefusedByName() throws {
    let error = #expect(throws: KerasImportError.self) { try imported("unknown.keras") }
    #expect(error?.description.contains("UnitNormalization") == true)
    #expect(error?.description.contains("unit_normalization") == true)
  }

  @Test func whatIsNoKerasModelIsSaid() throws {
    #expect(throws: KerasImportError.self) { try KerasImport.model(path: "\(fixtures)/plain.in.bin", archive: nil) }
    #expect(throws: KerasImportError.self) { try KerasImport.model(path: "/nowhere/x.h5", archive: nil) }
    #expect(throws: KerasImportError.self) { try KerasImport.model(path: "x", archive: [0x50, 0x4B, 3, 4]) }
  }

  @Test func damagedArchivesNeverEndTheProgram() throws {
    let whole = try bytes("plain.keras")
    for step in 1..<40 {
      _ = try? KerasImport.model(path: "x", archive: Array(whole.prefix(whole.count * step / 40)))
      var changed = whole
      // The description of the network stands near the start, and is not compressed.
      for place in stride(from: step * 97, to: min(changed.count, 9000), by: 997) { changed[place] ^= 0x15 }
      _ = try? KerasImport.model(path: "x", archive: changed)
    }
  }
}
