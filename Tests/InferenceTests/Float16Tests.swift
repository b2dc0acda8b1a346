import TFLite
import Testing

@testable import Inference

/// Weights of float16, which stay in the file until a layer packs them.
@Suite struct Float16Tests {
  /// Swift's own conversion is the judge; it is what the compiler's library does.
  @Test func everyNumberIsWidenedExactly() {
    for bits in 0...UInt16.max {
      let (ours, theirs) = (Float(halfBits: bits), Float(Float16(bitPattern: bits)))
      let isSame = theirs.isNaN ? ours.isNaN : ours.bitPattern == theirs.bitPattern
      #expect(isSame, "\(bits): \(ours), not \(theirs)")
    }
  }

  /// The float32 form of the weights is there once, packed; what was read of the file is gone.
  @Test func weightsAreKeptOnce() throws {
    let channels = 256
    let weightBytes = channels * channels * 4
    let program = try Program(compiling: layer(channels: channels))
    #expect(program.packedByteCount >= weightBytes)
    #expect(program.packedByteCount < weightBytes + weightBytes / 4)
  }

  @Test func resultsAreThoseOfWideWeights() throws {
    let channels = 48
    let input = (0..<channels).flatMap { littleEndian(Float($0 % 7 - 3).bitPattern) }
    let results = try run(layer(channels: channels), inputs: [input])
    for (channel, bytes) in stride(from: 0, to: results[0].count, by: 4).enumerated() {
      let expected = (0..<channels).reduce(Float(0)) {
        $0 + Float($1 % 7 - 3) * Float(Self.weight(channel * channels + $1))
      }
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(results[0][bytes + $1]) << (8 * $1) }
      #expect(abs(Float(bitPattern: bits) - expected) <= 1e-4, "channel \(channel)")
    }
  }

  private static func weight(_ index: Int) -> Float16 { Float16(index % 29 - 14) / 64 }

  private func littleEndian(_ bits: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) } }

  /// FULLY_CONNECTED on weights that DEQUANTIZE widens.
  private func layer(channels: Int) -> Model {
    var random = RandomModel(.int8, seed: 1)
    let input = random.input([1, channels], nil, type: .float32)
    let stored = random.constant(
      [channels, channels], type: .float16,
      bytes: (0..<channels * channels).flatMap {
        let bits = Self.weight($0).bitPattern
        return [UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8)]
      })
    let weights = random.append(.dequantize, [stored], quantization: nil, type: .float32)
    let output = random.append(
      .fullyConnected,
      .fullyConnected(
        FullyConnectedOptions(
          activation: .none, hasShuffledWeights: false, keepDimensions: false, asymmetricQuantizeInputs: false)),
      [input, weights], quantization: nil, type: .float32)
    return random.model(outputs: [output])
  }
}
