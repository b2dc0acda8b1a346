/// Writes rows of 8-bit values into the tensor, each through a table of 256 elements of its channel.
struct ElementTable: ~Copyable {
  private let width: Int
  private let channels: Int
  private let element: InputContract.Element
  /// For each channel of the tensor, the channel of the rows that fills it.
  private let sources: FixedBuffer<Int>
  private let sourceChannels: Int
  /// 256 elements for each channel: bits of int8 or uint8.
  private let bytes: FixedBuffer<UInt8>
  /// 256 elements for each channel.
  private let reals: FixedBuffer<Float>
  /// Set where the elements are the bytes of the row with one addend for all (modulo 256): most int8 models.
  private let addend: UInt8?

  /// `sourceChannels` is 1 or 3; one channel fills all of the tensor's.
  init(_ contract: InputContract, sourceChannels: Int) {
    width = contract.width
    channels = contract.channels
    element = contract.element
    self.sourceChannels = sourceChannels
    let sources = (0..<contract.channels).map { channel in
      sourceChannels == 1 ? 0 : contract.channelOrder == .rgb ? channel : 2 - channel
    }
    let real = (0..<contract.channels).map { channel in
      (0..<256).map { contract.mapping.real($0, channel: channel) }
    }
    let quantized = real.joined().map { contract.mapping.quantized($0, as: contract.element) }
    self.sources = FixedBuffer(sources)
    bytes = FixedBuffer(quantized)
    reals = FixedBuffer(real.joined().map { Float($0) })
    let isPlain = sources == Array(0..<sourceChannels) && contract.element != .float32
    let isShifted = quantized.indices.allSatisfy { quantized[$0] == quantized[0] &+ UInt8($0 % 256) }
    addend = isPlain && isShifted ? quantized[0] : nil
  }

  /// Fills one row of the tensor.
  func write(_ row: UnsafePointer<UInt8>, into output: UnsafeMutableRawPointer) {
    if let addend {
      let output = output.assumingMemoryBound(to: UInt8.self)
      for i in 0..<width * channels { output[i] = row[i] &+ addend }
    } else if element == .float32 {
      look(up: row, in: reals.start, into: output)
    } else {
      look(up: row, in: bytes.start, into: output)
    }
  }

  @inline(__always)
  private func look<Value: BitwiseCopyable>(
    up row: UnsafePointer<UInt8>, in table: UnsafePointer<Value>, into output: UnsafeMutableRawPointer
  ) {
    for channel in 0..<channels {
      let table = table + channel &* 256
      let row = row + sources[channel]
      let output = output + channel &* MemoryLayout<Value>.size
      let stride = channels &* MemoryLayout<Value>.size
      for x in 0..<width {
        output.storeBytes(of: table[Int(row[x &* sourceChannels])], toByteOffset: x &* stride, as: Value.self)
      }
    }
  }
}

extension InputContract.Mapping {
  /// What an 8-bit value means to the model.
  func real(_ value: Int, channel: Int) -> Double {
    let mean = mean.count == 1 ? mean[0] : mean[channel]
    let deviation = standardDeviation.count == 1 ? standardDeviation[0] : standardDeviation[channel]
    return (Double(value) - mean) / deviation
  }

  /// The bits of the int8 or uint8 element.
  ///
  /// With a mean of 127.5 and the zero point -1, as converters choose for -1…1, each value lies on a tie
  /// (v - 128.5), and the training side means v - 128: ties go up. The scale in the file has single precision, which
  /// moves such a value by up to 255 / 2^24 to either side; so whatever is that close below a tie counts as one.
  func quantized(_ real: Double, as element: InputContract.Element) -> UInt8 {
    let tieTolerance = 1e-4
    let value = (real / scale + Double(zeroPoint) + 0.5 + tieTolerance).rounded(.down)
    switch element {
    case .int8: return UInt8(bitPattern: Int8(max(-128, min(127, value))))
    case .uint8: return UInt8(max(0, min(255, value)))
    case .float32: return 0
    }
  }
}
