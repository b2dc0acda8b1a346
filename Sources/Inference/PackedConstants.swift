/// The packed weights of a program in the order in which the compiler asks for them: to be filled by it, or filled
/// already, from a cache.
///
/// A cache is believed in nothing but the bytes themselves: each must be there with exactly the size that the compiler
/// works out of the model. Where one is not, the compiler gets zeros and goes on, and the program is made again without
/// the cache.
struct PackedConstants {
  private let stored: StoredConstants?
  private var position = 0
  private var isRefused = false
  /// What was handed out, in order.
  private(set) var memories: [AlignedMemory] = []

  /// Takes the constants of a cache; nil for constants that are to be packed.
  init(_ stored: StoredConstants?) { self.stored = stored }

  /// Whether constants come filled: then nobody needs the weights that they are packed from.
  var areFilled: Bool { stored != nil }

  /// Whether a cache had all that was asked for, and no more.
  var isFaithful: Bool { !isRefused && (stored.map { $0.count == position } ?? true) }

  /// The next constant: zeros to be filled, or the bytes of the cache.
  mutating func next(byteCount: Int) -> AlignedMemory {
    guard let stored else {
      let memory = AlignedMemory(byteCount: byteCount)
      memories.append(memory)
      return memory
    }
    defer { position += 1 }
    if let memory = stored.constant(position, byteCount: byteCount) { return memory }
    isRefused = true
    return AlignedMemory(byteCount: byteCount)
  }

  /// Says that what `next` gave last cannot be: the cache is damaged.
  mutating func refuse() { isRefused = true }
}
