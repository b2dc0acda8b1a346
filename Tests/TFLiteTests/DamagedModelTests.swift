import Testing

@testable import TFLite

/// Real models, cut and bent: each gives a model whose ranges hold, or an error with a sentence.
struct DamagedModelTests {
  static let names = [
    "mnist_cnn_int8.tflite", "mnist_dw_uint8.tflite", "odd_composite_external_buffers.tflite",
    "odd_zero_size_constant.tflite", "odd_weight_sharing.tflite", "odd_fc_qat_uint8_io.tflite",
  ]

  @Test(arguments: ["mnist_cnn_int8.tflite", "odd_composite_external_buffers.tflite"])
  func everyPrefixIsRefused(_ name: String) throws {
    let bytes = try TestFiles.fixture(name)
    _ = try Model(parsing: bytes)
    for count in 0..<bytes.count {
      do {
        _ = try Model(parsing: Array(bytes[..<count]))
        // The last byte of a file may be padding that nothing names.
        #expect(bytes[count...].allSatisfy { $0 == 0 }, "accepted the first \(count) bytes")
      } catch {
        #expect(error.reason == .truncated, "\(count) bytes: \(error)")
      }
    }
  }

  @Test(arguments: names) func mutantsNeverTrap(_ name: String) throws {
    let original = try TestFiles.fixture(name)
    var accepted = 0
    var refused = 0
    for seed in 0..<1_500 {
      var random = SplitMix64(state: UInt64(seed))
      var bytes = original
      // Most mutations hit the structure, which lies at both ends of the file, not the weights between.
      for _ in 0..<(1 + seed % 6) {
        let span = seed % 2 == 0 ? bytes.count : min(bytes.count, 2_048)
        let position = random.next(below: span)
        let place = seed % 4 == 1 ? bytes.count - 1 - position : position
        bytes[place] = seed % 3 == 0 ? [0, 1, 0x7F, 0x80, 0xFF][random.next(below: 5)] : UInt8(random.next(below: 256))
      }
      do {
        check(try Model(parsing: bytes))
        accepted += 1
      } catch {
        #expect(!error.description.isEmpty)
        refused += 1
      }
    }
    #expect(accepted > 0 && refused > 0)
  }

  /// What `Model` promises to those who compute with it.
  private func check(_ model: Model) {
    let tensors = model.main.tensors
    for tensor in tensors {
      #expect(tensor.shape.allSatisfy { $0 >= 0 } && tensor.shape.count <= ModelLimits.dimensions)
      if let range = tensor.constant {
        #expect(range.lowerBound >= 0 && range.upperBound <= model.bytes.count)
        if let width = tensor.type.byteCount, tensor.sparsity == nil {
          #expect(range.count == tensor.shape.reduce(width, *))
        }
      }
      if let quantization = tensor.quantization {
        #expect(quantization.scales.count == quantization.zeroPoints.count && !quantization.scales.isEmpty)
        if quantization.isPerAxis { #expect(tensor.shape[quantization.axis] == quantization.scales.count) }
      }
    }
    for node in model.main.operators {
      #expect(node.outputs.allSatisfy(tensors.indices.contains))
      #expect(node.inputs.allSatisfy { $0.map(tensors.indices.contains) ?? true })
    }
    #expect((model.main.inputs + model.main.outputs).allSatisfy(tensors.indices.contains))
    for range in model.metadata.values { #expect(range.upperBound <= model.bytes.count) }
    _ = try? model.readMetadata()
  }
}

/// The generator of the corpus: small, and the same everywhere.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  mutating func next(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
