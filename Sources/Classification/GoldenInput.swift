import Imaging

/// An input made by a rule that every language can follow: the SplitMix64 generator (Steele, Lea and Flood, 2014), its
/// outputs as little-endian bytes.
///
/// 8-bit inputs take the bytes as they are. Float inputs take 32 bits u for each element, and lie evenly between the
/// values that 0 and 255 have in a picture: `low + (high - low) * (u >> 8) / 2^24`.
struct GoldenInput {
  private var state: UInt64
  private let contract: InputContract

  init(seed: UInt64, contract: InputContract) {
    state = seed
    self.contract = contract
  }

  func fill(_ input: UnsafeMutableRawBufferPointer) {
    var generator = self
    var word: UInt64 = 0
    for index in input.indices {
      if index % 8 == 0 { word = generator.next() }
      input[index] = UInt8(truncatingIfNeeded: word >> (8 * (index % 8)))
    }
    if contract.element == .float32 { makeFloats(input) }
  }

  private func makeFloats(_ input: UnsafeMutableRawBufferPointer) {
    let mapping = contract.mapping
    for index in 0..<input.count / 4 {
      let channel = index % contract.channels
      let mean = mapping.mean.count == 1 ? mapping.mean[0] : mapping.mean[channel]
      let deviation =
        mapping.standardDeviation.count == 1 ? mapping.standardDeviation[0] : mapping.standardDeviation[channel]
      let low = (0 - mean) / deviation
      let high = (255 - mean) / deviation
      let bits = UInt32(littleEndian: input.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
      let value = Float((high - low) * Double(bits >> 8) / 16_777_216 + low)
      input.storeBytes(of: value, toByteOffset: 4 * index, as: Float.self)
    }
  }

  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }
}
