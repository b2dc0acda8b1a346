import CKernels

/// The packed weights of a program in the order in which the compiler asks for them: to be filled by it, or filled
/// already, from a cache.
///
/// A cache is believed in nothing but the bytes themselves: each must be there with exactly the size that the compiler
/// works out of the model. Where one is not, the compiler gets zeros and goes on, and the program is made again without
/// the cache.
struct PackedConstants {
  private let stored: StoredConstants?
  /// Where constants are packed to. There is one behind it where the weights are more than was expected.
  private var memory: WeightMemory?
  /// Bytes that the weights have in the file: packed they are as many, and seldom much more.
  private let expectedByteCount: Int
  private var position = 0
  private var isRefused = false
  /// What was handed out, in order.
  private(set) var memories: [AlignedMemory] = []

  /// Takes the constants of a cache.
  init(_ stored: StoredConstants) {
    self.stored = stored
    expectedByteCount = 0
  }

  /// Makes room for constants that are to be packed, of weights that have so many bytes in the file.
  init(expecting byteCount: Int) {
    stored = nil
    expectedByteCount = byteCount
  }

  /// Whether constants come filled: then nobody needs the weights that they are packed from.
  var areFilled: Bool { stored != nil }

  /// Whether a cache had all that was asked for, and no more.
  var isFaithful: Bool { !isRefused && (stored.map { $0.count == position } ?? true) }

  /// The next constant: zeros to be filled, or the bytes of the cache.
  mutating func next(byteCount: Int) -> AlignedMemory {
    guard let stored else {
      let memory = take(byteCount)
      memories.append(memory)
      return memory
    }
    defer { position += 1 }
    if let memory = stored.constant(position, byteCount: byteCount) { return memory }
    isRefused = true
    return AlignedMemory(byteCount: byteCount)
  }

  /// The next constant, the packed weights of a matrix product. Some families' say where activations lie: those of a cache
  /// that would have the kernel read others are refused, and are zeros here.
  mutating func nextMatrix(
    byteCount: Int, columns: Int, taps: Int, depth: Int, shape: maskd_gemm_shape
  ) -> AlignedMemory {
    let memory = next(byteCount: byteCount)
    var shape = shape
    if !areFilled || maskd_packed_gemm_s8_stays_inside(&shape, columns, taps, depth, memory.start) { return memory }
    refuse()
    return AlignedMemory(byteCount: byteCount)
  }

  private mutating func take(_ byteCount: Int) -> AlignedMemory {
    if let taken = memory?.take(byteCount: byteCount) { return taken }
    // Padding, and the factors of each column.
    let estimate = expectedByteCount + expectedByteCount / 8 + 64 << 10
    memory =
      memories.isEmpty
      ? WeightMemory(byteCount: max(estimate, byteCount + Arena.alignment), filledByteCount: expectedByteCount)
      : WeightMemory(byteCount: max(1 << 20, byteCount + Arena.alignment), filledByteCount: 0)
    return memory?.take(byteCount: byteCount) ?? AlignedMemory(byteCount: byteCount)
  }

  /// Says that what `next` gave last cannot be: the cache is damaged.
  mutating func refuse() { isRefused = true }
}
