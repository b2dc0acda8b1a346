import Glibc
import Testing

/// `maskctl import`, which starts maskctl-import.
@Suite struct ImportTests {
  private let folder: TemporaryFolder
  private let models = packageFolder + "/Tests/Fixtures/keras"

  init() throws { folder = try TemporaryFolder() }

  private func maskctl(_ arguments: String...) throws -> (status: CInt, output: String, complaint: String) {
    let program = try Program("maskctl", arguments, environment: [:], log: folder.path + "/log")
    let status = program.waitForExit()
    return (status, program.output, program.log)
  }

  @Test(arguments: ["nested.h5", "nested.keras"])
  func aKerasModelBecomesAModelThatRuns(file: String) throws {
    let model = folder.path + "/out.tflite"
    let (status, output, complaint) = try maskctl("import", "\(models)/\(file)", "-o", model)
    #expect(status == 0, "\(complaint)")
    #expect(output.contains("22 operators, float32[1,16,16,3] -> float32[1,2]"))
    let out = try folder.makeFolder("out")
    #expect(
      try maskctl("run", "--model", model, "--input", "\(models)/nested.in.bin", "--output-dir", out).status == 0)
    #expect(try readBytes("\(out)/out0.bin").count == 8)
  }

  @Test func whatCannotBeImportedLeavesNothing() throws {
    let model = folder.path + "/out.tflite"
    let unknown = try maskctl("import", "\(models)/unknown.keras", "-o", model)
    #expect(unknown.status == 65)
    #expect(unknown.complaint.contains("the layer \"unit_normalization\" (UnitNormalization) cannot be imported"))
    let noModel = try maskctl("import", "\(models)/plain.in.bin", "-o", model)
    #expect(noModel.status == 65)
    #expect(noModel.complaint.contains("no Keras model"))
    #expect(try maskctl("import", "/nowhere/model.h5", "-o", model).status == 66)
    #expect(try maskctl("import", "\(models)/plain.h5", "-o", "/nowhere/out.tflite").status == 73)
    #expect(try maskctl("import", "\(models)/plain.h5").status == 64)
    #expect(access(model, F_OK) != 0)
  }
}
