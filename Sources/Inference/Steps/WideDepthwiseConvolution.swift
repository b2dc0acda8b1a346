import CKernels

/// DEPTHWISE_CONV_2D in int8 for weights with a zero point: rows of the result, a few pixels at a time, through pointers
/// to the pixels under their windows.
struct WideDepthwiseConvolution: Step {
  let source: Operand
  let result: Operand
  let window: Window
  let channels: Int
  /// Weights less their zero point, int16, tap by tap, each tap padded as the kernel wants.
  let weights: AlignedMemory
  let requantization: Requantization
  /// As many zero points as a pixel has channels.
  let outside: AlignedMemory
  let kernels: KernelTable

  /// Pixels of one call: enough to spread its cost, few enough for their pointers to stay in the first cache.
  static let pixelsPerCall = 8

  var partCount: Int { window.batches * window.outputHeight }
  var scratchByteCount: Int { Self.pixelsPerCall * window.taps * MemoryLayout<Int>.stride }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let kernel = kernels.pointer.pointee.depthwise_s8_s16
    let input = UnsafePointer(arena.int8(source))
    let zeros = UnsafePointer(outside.elements(as: Int8.self))
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafePointer<Int8>?.self)
    var epilogue = requantization.parameters
    for part in parts {
      let row = arena.int8(result) + part * window.outputWidth * channels
      for first in stride(from: 0, to: window.outputWidth, by: Self.pixelsPerCall) {
        let pixels = min(Self.pixelsPerCall, window.outputWidth - first)
        window.point(pointers, input, outside: zeros, channels: channels, row: part, columns: first..<first + pixels)
        kernel?(
          pixels, channels, window.taps, pointers, weights.elements(as: Int16.self), row + first * channels, channels,
          &epilogue)
      }
    }
  }
}
