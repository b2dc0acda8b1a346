import CKernels
import TFLite

/// The constant weights of one layer that are still to be packed. They are read a part at a time, into a buffer that all
/// layers share: the file's form of them is never in memory as a whole.
struct WeightSource {
  /// In the form in which steps read them.
  enum Place {
    case file(ModelBytes, offset: Int, isTwin: Bool)
    /// Float16 numbers, to be read as float32.
    case float16(ModelBytes, offset: Int)
    case memory(AlignedMemory)
  }

  let place: Place
  let buffer: ReadBuffer

  /// Calls `body` with some of the bytes.
  private func withBytes(_ range: Range<Int>, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
    switch place {
    case .memory(let memory):
      body(UnsafeMutableRawBufferPointer(start: memory.start + range.lowerBound, count: range.count))
    case .file(let file, let offset, let isTwin):
      buffer.withBytes(count: range.count) { bytes in
        file.read(at: offset + range.lowerBound, into: bytes)
        if isTwin { for index in bytes.indices { bytes[index] ^= 0x80 } }
        body(bytes)
      }
    case .float16(let file, let offset):
      buffer.withBytes(count: range.count) { bytes in
        file.readFloat16(at: offset + range.lowerBound / 2, into: bytes.assumingMemoryBound(to: Float.self))
        body(bytes)
      }
    }
  }

  /// Calls `body` with some of the weights, as elements of one type.
  func withElements<Element: BitwiseCopyable>(
    _ range: Range<Int>, as type: Element.Type, _ body: (UnsafeBufferPointer<Element>) -> Void
  ) {
    let size = MemoryLayout<Element>.stride
    withBytes(range.lowerBound * size..<range.upperBound * size) {
      body(UnsafeBufferPointer($0.assumingMemoryBound(to: type)))
    }
  }

  /// Calls `body` with weights [column][value] of some columns, a few whole blocks of `blockCount` columns at a time, and
  /// with the number of the first among them.
  private func forEachPart<Element: BitwiseCopyable>(
    of columns: Range<Int>, valueCount: Int, blockCount: Int, as type: Element.Type,
    _ body: (Int, Int, UnsafePointer<Element>) -> Void
  ) {
    let blockByteCount = blockCount * valueCount * MemoryLayout<Element>.stride
    let step = max(1, ReadBuffer.partByteCount / blockByteCount) * blockCount
    for first in stride(from: 0, to: columns.count, by: step) {
      let count = min(step, columns.count - first)
      let start = (columns.lowerBound + first) * valueCount
      withElements(start..<start + count * valueCount, as: type) { weights in
        if let weights = weights.baseAddress { body(first, count, weights) }
      }
    }
  }

  /// Packs int8 weights [column][tap][depth] of some columns for the matrix product of a family. Returns what each
  /// column's weights sum to; magnitudes are asked for where they are of use.
  func packMatrix(
    columns: Range<Int>, taps: Int, depth: Int, shape: maskd_gemm_shape, wantsMagnitudes: Bool,
    into packed: UnsafeMutableRawPointer
  ) -> WeightSums {
    var shape = shape
    var magnitudes = [Int32](repeating: 0, count: wantsMagnitudes ? columns.count : 0)
    let sums = [Int32](unsafeUninitializedCapacity: columns.count) { sums, count in
      forEachPart(of: columns, valueCount: taps * depth, blockCount: shape.nr, as: Int8.self) { first, count, weights in
        maskd_pack_gemm_s8(
          &shape, first, count, taps, depth, weights, packed, sums.baseAddress.unsafelyUnwrapped + first)
        guard wantsMagnitudes else { return }
        magnitudes.withUnsafeMutableBufferPointer {
          maskd_sum_magnitudes_s8(count, taps * depth, weights, $0.baseAddress.unsafelyUnwrapped + first)
        }
      }
      count = columns.count
    }
    return WeightSums(sums: sums, magnitudes: magnitudes)
  }

  /// The same for float weights, without sums.
  func packFloatMatrix(
    columns: Range<Int>, taps: Int, depth: Int, shape: maskd_gemm_shape, into packed: UnsafeMutablePointer<Float>
  ) {
    var shape = shape
    forEachPart(of: columns, valueCount: taps * depth, blockCount: shape.nr, as: Float.self) { first, count, weights in
      maskd_pack_gemm_f32(&shape, first, count, taps, depth, weights, packed)
    }
  }

  /// int8 weights [tap][channel] as [channel][tap].
  func channelsFirst(taps: Int, channels: Int) -> WeightSource {
    let turned = AlignedMemory(byteCount: taps * channels)
    withElements(0..<taps * channels, as: Int8.self) { weights in
      for tap in 0..<taps {
        for channel in 0..<channels {
          turned.elements(as: Int8.self)[channel * taps + tap] = weights[tap * channels + channel]
        }
      }
    }
    return WeightSource(place: .memory(turned), buffer: buffer)
  }

  /// Packs int8 weights [row][column][channel] for the depthwise convolution of a family. Returns the sum of each
  /// channel's weights.
  func packDepthwise(
    height: Int, width: Int, channels: Int, table: KernelTable, into packed: UnsafeMutableRawPointer
  ) -> [Int32] {
    [Int32](unsafeUninitializedCapacity: channels) { sums, count in
      withElements(0..<height * width * channels, as: Int8.self) { weights in
        table.pointer.pointee.pack_depthwise_s8(height, width, channels, weights.baseAddress, packed)
        maskd_sum_channels_s8(height * width, channels, weights.baseAddress, sums.baseAddress)
      }
      count = channels
    }
  }
}

/// What the weights of each column, or channel, sum to.
struct WeightSums {
  let sums: [Int32]
  /// The sums of their magnitudes, or as much as those can be.
  let magnitudes: [Int32]
}

/// Memory through which constants pass on their way into packed form: what was touched once costs nothing the next time.
final class ReadBuffer {
  /// Bytes that are read at a time, where a layer can be cut so fine: they stay in the second cache until they are packed.
  static let partByteCount = 128 << 10

  private var memory = AlignedMemory(byteCount: 0)

  func withBytes(count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
    if memory.byteCount < count { memory = AlignedMemory(byteCount: max(count, Self.partByteCount)) }
    body(UnsafeMutableRawBufferPointer(start: memory.start, count: count))
  }
}
