/// A tensor of a program, by number: what steps are bound to at compilation.
struct Operand: Hashable, Sendable {
  let index: Int
}

/// The memory in which one thread runs steps: a fixed address for each operand, and scratch space of its own.
///
/// Addresses are set once when a session is made. Sizes were checked at compilation: a step touches only the bytes
/// of the shapes that it was compiled for.
struct Arena {
  /// One address for each operand of the program, constants included.
  let addresses: UnsafePointer<UnsafeMutableRawPointer>
  /// As many bytes as the most demanding step asks for; aligned to `Arena.alignment`.
  let scratch: UnsafeMutableRawPointer
  /// The number of the thread, from 0, and how many run the same step.
  var thread = 0
  var threadCount = 1

  /// Every operand begins at a multiple of this, in bytes: a cache line, and more than any vector register.
  static let alignment = 64

  /// Bytes behind every operand that may be read, though they mean nothing.
  static let slack = 16

  /// `byteCount` rounded up to a multiple of the alignment.
  static func aligned(_ byteCount: Int) -> Int { (byteCount + alignment - 1) / alignment * alignment }

  func bytes(_ operand: Operand) -> UnsafeMutableRawPointer { addresses[operand.index] }

  func int8(_ operand: Operand) -> UnsafeMutablePointer<Int8> {
    bytes(operand).assumingMemoryBound(to: Int8.self)
  }

  func float(_ operand: Operand) -> UnsafeMutablePointer<Float> {
    bytes(operand).assumingMemoryBound(to: Float.self)
  }

  func elements<Element>(_ operand: Operand, as type: Element.Type) -> UnsafeMutablePointer<Element> {
    bytes(operand).assumingMemoryBound(to: type)
  }
}
