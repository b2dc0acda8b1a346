import CKernels
import TFLite

/// Some instructions multiply unsigned activations with signed weights. Where the kernel family uses such, convolutions
/// read int8 values that are stored as value + 128. A result is stored that way when a convolution reads it; whoever
/// wants the other form gets a copy, made once.
extension Compiler {
  /// What convolutions of this family add to each activation in memory: 0 or 128.
  var activationOffset: Int32 { family.table.pointer.pointee.gemm_s8_shape.activation_offset }

  /// Stores an int8 result with the offset where convolutions of this family read it. Its writer must obey
  /// `Value.hasOffset`.
  mutating func chooseForm(of result: Operand) {
    values[result.index].hasOffset = activationOffset != 0 && isReadByConvolution(result)
  }

  /// What kernels turn in each byte of an int8 operand: 0, or the highest bit.
  func flip(of operand: Operand) -> UInt8 { self[operand].hasOffset ? 0x80 : 0 }

  /// The operand as convolutions read it.
  mutating func asConvolved(_ operand: Operand, _ node: Node) throws(CompilationError) -> Operand {
    let value = self[operand]
    guard value.type == .int8, value.hasOffset != (activationOffset != 0) else { return operand }
    return try otherForm(of: operand, node)
  }

  /// The operand as all others read it.
  mutating func withoutOffset(_ operand: Operand, _ node: Node?) throws(CompilationError) -> Operand {
    self[operand].hasOffset ? try otherForm(of: operand, node) : operand
  }

  private mutating func otherForm(of operand: Operand, _ node: Node?) throws(CompilationError) -> Operand {
    if let known = otherForms[operand] { return known }
    var value = self[operand]
    value.storage = nil
    value.constant = nil
    value.hasOffset.toggle()
    let other = try makeValue(value, node)
    let flip = FlipSign(source: operand, result: other, count: value.elementCount)
    try emit(flip, reading: [operand], writing: [other])
    otherForms[operand] = other
    otherForms[other] = operand
    return other
  }

  private func isReadByConvolution(_ operand: Operand, throughPadding: Bool = true) -> Bool {
    model.main.operators.contains { operation in
      guard case .builtin(let code) = operation.code, operation.inputs.first == operand.index else { return false }
      // Most padding is left to the convolution behind it.
      if code == .pad, throughPadding, let padded = operation.outputs.first {
        return isReadByConvolution(Operand(index: padded), throughPadding: false)
      }
      return code == .convolution2D || code == .depthwiseConvolution2D || code == .fullyConnected
    }
  }
}
