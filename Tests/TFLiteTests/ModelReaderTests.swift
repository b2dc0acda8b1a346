import Testing

@testable import TFLite

/// Models that tests describe field by field.
struct ModelReaderTests {
  @Test func readsEveryPart() throws {
    let model = try Model(
      parsing: ModelWriter.changed {
        $0.root[3] = .reference(.string("made here"))
        $0.root[6] = .reference(.tables([.table([0: .reference(.string("note")), 1: .int32(1)])]))
        $0.tensors[0][4] = .reference(
          .table([2: .reference(.floats([0.5])), 3: .reference(.int64s([-3])), 6: .int32(77)]))
        $0.operators[0][3] = .byte(11)
        $0.operators[0][4] = .reference(.table([0: .byte(3)]))
      })
    #expect(model.description == "made here")
    #expect(model.subgraphCount == 1)
    #expect(model.main.inputs == [0] && model.main.outputs == [2])
    #expect(model.main.tensors.map(\.name) == ["in", "weights", "out"])
    #expect(model.main.tensors[0].quantization == Quantization(scales: [0.5], zeroPoints: [-3], axis: 0))
    #expect(model.withConstantBytes(of: model.main.tensors[1]) { Array($0) } == [1, 2, 3, 4])
    #expect(model.main.tensors[2].constant == nil)
    #expect(model.main.operators[0].options == .arithmetic(activation: .relu6))
    #expect(model.main.operators[0].inputs == [0, 1])
    #expect(model.metadata["note"]?.count == 4)
  }

  @Test func namesHaveNoControlCharacters() throws {
    let model = try Model(
      parsing: ModelWriter.changed {
        $0.tensors[0][3] = .reference(.string("in\nerror: \u{1B}[2Jgone\u{9B}é\u{7F}"))
        $0.code = [0: .byte(32), 1: .reference(.string("Sinh\r\n"))]
      })
    #expect(model.main.tensors[0].name == "in error:  [2Jgone é ")
    #expect(model.main.operators[0].code.name == "custom operator Sinh  ")
  }

  @Test func takesTheLargerOfTheTwoOperatorCodes() throws {
    let old = try Model(parsing: ModelWriter.changed { $0.code = [0: .byte(18)] })
    #expect(old.main.operators[0].code == .builtin(.mul))
    let new = try Model(parsing: ModelWriter.changed { $0.code = [0: .byte(127), 3: .int32(150)] })
    #expect(new.main.operators[0].code == .builtin(.gelu))
    let unheardOf = try Model(parsing: ModelWriter.changed { $0.code = [0: .byte(127), 3: .int32(9_999)] })
    #expect(unheardOf.main.operators[0].code == .unnamed(9_999))
    let custom = try Model(
      parsing: ModelWriter.changed { $0.code = [0: .byte(32), 1: .reference(.string("Sinh"))] })
    #expect(custom.main.operators[0].code == .custom("Sinh"))
  }

  @Test func absentOptionsAreTheSchemasDefaults() throws {
    let model = try Model(parsing: ModelWriter.changed { $0.code = [0: .byte(22)] })
    #expect(model.main.operators[0].options == .reshape(newShape: []))
    // A table of another operator's type counts as absent.
    let other = try Model(
      parsing: ModelWriter.changed {
        $0.operators[0][3] = .byte(17)
        $0.operators[0][4] = .reference(.table([0: .byte(1)]))
      })
    #expect(other.main.operators[0].options == .arithmetic(activation: .none))
  }

  @Test func optionalOperandsAreNil() throws {
    let model = try Model(parsing: ModelWriter.changed { $0.operators[0][1] = .reference(.int32s([0, -1])) })
    #expect(model.main.operators[0].inputs == [0, nil])
  }

  @Test func aFalseQuantizedDimensionOfABiasIsHarmless() throws {
    let perAxis: Written.Field = .reference(
      .table([
        2: .reference(.floats([1, 2, 3, 4])), 3: .reference(.int64s([0, 0, 0, 0])), 6: .int32(3),
      ]))
    let model = try Model(parsing: ModelWriter.changed { $0.tensors[1][4] = perAxis })
    #expect(model.main.tensors[1].quantization?.axis == 0)
    #expect(model.main.tensors[1].quantization?.isPerAxis == true)
    // With two dimensions it is not.
    #expect(reason(ModelWriter.changed { $0.tensors[0][4] = perAxis }) == .shapeMismatch)
  }

  @Test func aTensorWithoutShapeSaysSo() throws {
    let model = try Model(parsing: ModelWriter.changed { $0.tensors[2][0] = nil })
    #expect(!model.main.tensors[2].hasShape && model.main.tensors[2].shape.isEmpty)
  }

  @Test func aConstantThatIsTooLongIsItsBeginning() throws {
    let model = try Model(parsing: ModelWriter.changed { $0.tensors[1][0] = .reference(.int32s([3])) })
    #expect(model.withConstantBytes(of: model.main.tensors[1]) { Array($0) } == [1, 2, 3])
  }

  @Test func constantsBehindTheTablesAreRead() throws {
    var writer = ModelWriter()
    writer.buffers[1] = [1: .uint64(0), 2: .uint64(4)]
    let count = UInt64(writer.bytes.count)
    writer.buffers[1] = [1: .uint64(count), 2: .uint64(4)]
    let model = try Model(parsing: writer.bytes + [9, 8, 7, 6])
    #expect(model.withConstantBytes(of: model.main.tensors[1]) { Array($0) } == [9, 8, 7, 6])
    // One byte short, and an offset that no file could have.
    #expect(reason(writer.bytes + [9, 8, 7]) == .truncated)
    writer.buffers[1] = [1: .uint64(.max - 1), 2: .uint64(4)]
    #expect(reason(writer.bytes) == .offsetOutOfBounds)
    writer.buffers[1] = [1: .uint64(UInt64(Int64.max)), 2: .uint64(UInt64(Int64.max))]
    #expect(reason(writer.bytes) == .offsetOutOfBounds)
  }

  private func reason(_ bytes: [UInt8]) -> ModelError.Reason? {
    do {
      _ = try Model(parsing: bytes)
      return nil
    } catch {
      return error.reason
    }
  }

  static let badFiles: [(String, ModelError.Reason, [UInt8])] = [
    ("The file is empty", .truncated, []),
    ("file identifier", .truncated, [1, 2, 3]),
    ("a text of 4 bytes", .notTFLite, Array("bad\n".utf8)),
    ("\"abcd\" where \"TFL3\"", .notTFLite, Array("1234abcd9999".utf8)),
    ("Git LFS", .notTFLite, Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\n".utf8)),
    ("schema version 2", .notTFLite, ModelWriter.changed { $0.root[0] = .int32(2) }),
    ("A subgraph", .notTFLite, ModelWriter.changed { $0.root[2] = .reference(.tables([])) }),
    ("leads outside", .offsetOutOfBounds, ModelWriter.changed { $0.root[2] = .rawOffset(0xFFFF_FF00) }),
    ("is cut short", .truncated, ModelWriter.changed { $0.root[2] = .rawOffset(100_000) }),
    ("number of subgraphs", .tooBig, ModelWriter.changed { $0.root[2] = .reference(many(1_025)) }),
    ("is cut short", .truncated, ModelWriter.changed { $0.root[4] = .reference(.falseCount(1_000_000)) }),
    ("leads outside", .offsetOutOfBounds, ModelWriter.changed { $0.root[4] = .reference(.falseCount(.max)) }),
    ("buffer 2 does not", .offsetOutOfBounds, ModelWriter.changed { $0.tensors[1][2] = .int32(2) }),
    ("buffer 4294967295", .offsetOutOfBounds, ModelWriter.changed { $0.tensors[1][2] = .int32(-1) }),
    ("input tensor 3", .offsetOutOfBounds, ModelWriter.changed { $0.inputs = [3] }),
    ("output tensor -1", .offsetOutOfBounds, ModelWriter.changed { $0.outputs = [-1] }),
    ("input tensor -2", .offsetOutOfBounds, ModelWriter.changed { $0.operators[0][1] = .reference(.int32s([-2])) }),
    ("output tensor 9", .offsetOutOfBounds, ModelWriter.changed { $0.operators[0][2] = .reference(.int32s([9])) }),
    ("operator code 5", .offsetOutOfBounds, ModelWriter.changed { $0.operators[0][0] = .int32(5) }),
    ("is a constant", .shapeMismatch, ModelWriter.changed { $0.operators[0][2] = .reference(.int32s([1])) }),
    ("both an operand", .shapeMismatch, ModelWriter.changed { $0.operators[0][2] = .reference(.int32s([0])) }),
    ("element type with number 99", .unsupportedType, ModelWriter.changed { $0.tensors[0][1] = .byte(99) }),
    ("negative dimension -4", .shapeMismatch, ModelWriter.changed { $0.tensors[0][0] = .reference(.int32s([-4])) }),
    ("the limit", .shapeMismatch, ModelWriter.changed { $0.tensors[0][0] = .reference(.int32s([.max, .max, .max])) }),
    ("number of dimensions is 9", .tooBig, ModelWriter.changed { $0.tensors[0][0] = .reference(.int32s(ones(9))) }),
    (
      "4 bytes, type int8 and shape ask for 5", .shapeMismatch,
      ModelWriter.changed {
        $0.tensors[1][0] = .reference(.int32s([5]))
      }
    ),
    ("The scale 0.0", .shapeMismatch, quantized(scales: [0], zeroPoints: [0])),
    ("The scale nan", .shapeMismatch, quantized(scales: [.nan], zeroPoints: [0])),
    ("The scale inf", .shapeMismatch, quantized(scales: [.infinity], zeroPoints: [0])),
    ("1 scales and 0 zero points", .shapeMismatch, quantized(scales: [1], zeroPoints: [])),
    ("zero point 128", .shapeMismatch, quantized(scales: [1], zeroPoints: [128])),
    ("3 scales along dimension 1", .shapeMismatch, quantized(scales: [1, 1, 1], zeroPoints: [0, 0, 0], axis: 1)),
    ("along dimension -1", .shapeMismatch, quantized(scales: [1, 1], zeroPoints: [0, 0], axis: -1)),
    ("blockwise", .unsupportedType, ModelWriter.changed { $0.tensors[0][4] = .reference(.table([4: .byte(2)])) }),
    ("activation with number 9", .unsupportedType, options(code: 0, type: 11, [0: .byte(9)])),
    ("padding with number 2", .unsupportedType, options(code: 3, type: 1, [0: .byte(2)])),
    ("stride_h is 0", .shapeMismatch, options(code: 3, type: 1, [1: .int32(1)])),
    (
      "dilation_w_factor is -1", .shapeMismatch, options(code: 3, type: 1, [1: .int32(1), 2: .int32(1), 4: .int32(-1)])
    ),
    (
      "buffer 7 does not", .offsetOutOfBounds,
      ModelWriter.changed {
        $0.root[6] = .reference(.tables([.table([1: .int32(7)])]))
      }
    ),
    ("traversal order [0]", .shapeMismatch, sparse([0: .reference(.int32s([0]))])),
    ("traversal order [0, 0]", .shapeMismatch, sparse([0: .reference(.int32s([0, 0]))])),
    ("describes 0 dimensions of 2", .shapeMismatch, sparse([0: .reference(.int32s([0, 1]))])),
  ]

  private static func many(_ count: Int) -> Written {
    .tables([Written](repeating: .table([:]), count: count))
  }

  private static func ones(_ count: Int) -> [Int32] { [Int32](repeating: 1, count: count) }

  private static func quantized(scales: [Float], zeroPoints: [Int64], axis: Int32 = 0) -> [UInt8] {
    ModelWriter.changed {
      $0.tensors[0][4] = .reference(
        .table([2: .reference(.floats(scales)), 3: .reference(.int64s(zeroPoints)), 6: .int32(axis)]))
    }
  }

  private static func options(code: UInt8, type: UInt8, _ fields: [Int: Written.Field]) -> [UInt8] {
    ModelWriter.changed {
      $0.code = [0: .byte(code)]
      $0.operators[0][3] = .byte(type)
      $0.operators[0][4] = .reference(.table(fields))
    }
  }

  private static func sparse(_ fields: [Int: Written.Field]) -> [UInt8] {
    ModelWriter.changed { $0.tensors[0][6] = .reference(.table(fields)) }
  }

  @Test(arguments: badFiles.indices) func aBadFileIsRefusedWithItsReason(_ index: Int) {
    let (text, reason, bytes) = Self.badFiles[index]
    do {
      _ = try Model(parsing: bytes)
      Issue.record("accepted: \(text)")
    } catch {
      #expect(error.description.contains(text))
      #expect(error.reason == reason, "\(error)")
    }
  }

  /// Many tables may name one list: what is decoded of it must not grow with their number.
  @Test func sharedListsDoNotMultiply() throws {
    let name = String(repeating: "x", count: 60_000)
    let bytes = FlatBufferWriter.file(.table([0: .reference(.string(name))]))
    let root = try FlatBuffer(ModelBytes(bytes), in: 0..<bytes.count).root(.model)
    #expect(try root.string(0, "the name") == name)
    #expect(throws: ModelError.self) {
      for _ in 0..<100 { _ = try root.string(0, "the name") }
    }
  }
}
