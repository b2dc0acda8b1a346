/// One piece of work of a program, bound to its operands at compilation.
///
/// A step cannot fail and allocates nothing: everything that could be wrong was found when it was made.
protocol Step: Sendable {
  /// Into how many parts the work can be cut, mostly rows of the result. Parts write to different bytes.
  var partCount: Int { get }
  /// Scratch bytes that each thread needs while it runs.
  var scratchByteCount: Int { get }
  /// Operands whose bytes the result may take, where nobody reads them afterwards: each part reads no other byte of
  /// them than those that it writes.
  var overwritable: [Operand] { get }
  /// Does some of the parts.
  func run(_ parts: Range<Int>, in arena: Arena)
}

extension Step {
  var partCount: Int { 1 }
  var scratchByteCount: Int { 0 }
  var overwritable: [Operand] { [] }
}
