import CKernels
import FixedPoint
import TFLite

/// ADD and SUB in int8.
struct QuantizedSum: BinaryOperation {
  let parameters: maskd_add_s8_parameters
  let kernels: KernelTable

  func apply(
    _ shape: maskd_broadcast, left: UnsafePointer<Int8>, right: UnsafePointer<Int8>, result: UnsafeMutablePointer<Int8>
  ) {
    var (shape, parameters) = (shape, parameters)
    kernels.pointer.pointee.add_s8(&shape, left, right, result, &parameters)
  }
}

/// MUL in int8.
struct QuantizedProduct: BinaryOperation {
  let parameters: maskd_mul_s8_parameters
  let kernels: KernelTable

  func apply(
    _ shape: maskd_broadcast, left: UnsafePointer<Int8>, right: UnsafePointer<Int8>, result: UnsafeMutablePointer<Int8>
  ) {
    var (shape, parameters) = (shape, parameters)
    kernels.pointer.pointee.mul_s8(&shape, left, right, result, &parameters)
  }
}

/// A function of two elements.
struct ElementFunction<Element: BitwiseCopyable>: RunOperation {
  let function: @Sendable (Element, Element) -> Element

  func apply(
    count: Int, left: UnsafePointer<Element>, leftStep: Int, right: UnsafePointer<Element>, rightStep: Int,
    result: UnsafeMutablePointer<Element>
  ) {
    for index in 0..<count { result[index] = function(left[index * leftStep], right[index * rightStep]) }
  }
}

extension Compiler {
  /// Elements from which on a proof that a sum needs no check is soon worth its time, which is that of adding some
  /// hundred thousand of them.
  private static let leastProvenSum = 1024

  mutating func compileSum(_ node: Node, subtracts: Bool) throws(CompilationError) {
    let operands = try binaryOperands(node, asStored: true)
    if operands.type == .int16 { return try compileInt16Sum(node, operands, subtracts: subtracts) }
    guard operands.type == .int8 else {
      try compileArithmetic(
        operands, node, float: subtracts ? MASKD_SUBTRACT : MASKD_ADD, integer: { subtracts ? $0 &- $1 : $0 &+ $1 })
      return
    }
    let result = try define(of: node, type: .int8, shape: operands.shape, like: operands.left)
    chooseForm(of: result)
    let (left, right, to) = (
      try affine(of: operands.left, node), try affine(of: operands.right, node), try affine(of: result, node)
    )
    let range = try activationRange(node.arithmeticActivation, of: to, node)
    // Both operands are brought to twice the larger scale, with 20 more bits.
    let common = Double(2 * max(left.scale, right.scale))
    let (first, second) = (
      try multiplier(Double(left.scale) / common, node), try multiplier(Double(right.scale) / common, node)
    )
    let last = try multiplier(common / Double(Float(1 << 20) * to.scale), node)
    var parameters = maskd_add_s8_parameters(
      left_zero_point: left.zeroPoint, left_multiplier: first.multiplier, left_shift: first.shift,
      right_zero_point: right.zeroPoint, right_multiplier: second.multiplier, right_shift: second.shift,
      multiplier: last.multiplier, shift: last.shift, zero_point: to.zeroPoint, minimum: range.lowerBound,
      maximum: range.upperBound, subtract: subtracts, left_flip: flip(of: operands.left),
      right_flip: flip(of: operands.right), result_flip: flip(of: result), is_proven: false, proven_left_factor: 0,
      proven_right_factor: 0, proven_addend: 0)
    if let prove = family.table.pointer.pointee.prove_add_s8, self[result].elementCount >= Self.leastProvenSum,
      sumProofsLeft > 0
    {
      sumProofsLeft -= 1
      prove(&parameters)
    }
    try emitQuantized(QuantizedSum(parameters: parameters, kernels: family.table), operands, result: result)
  }

  mutating func compileProduct(_ node: Node) throws(CompilationError) {
    let operands = try binaryOperands(node, asStored: true)
    if operands.type == .int16 { return try compileInt16Product(node, operands) }
    guard operands.type == .int8 else {
      try compileArithmetic(operands, node, float: MASKD_MULTIPLY, integer: { $0 &* $1 })
      return
    }
    let result = try define(of: node, type: .int8, shape: operands.shape, like: operands.left)
    chooseForm(of: result)
    let (left, right, to) = (
      try affine(of: operands.left, node), try affine(of: operands.right, node), try affine(of: result, node)
    )
    let range = try activationRange(node.arithmeticActivation, of: to, node)
    let scale = try multiplier(Double(left.scale * right.scale / to.scale), node)
    let parameters = maskd_mul_s8_parameters(
      left_zero_point: left.zeroPoint, right_zero_point: right.zeroPoint, multiplier: scale.multiplier,
      shift: scale.shift, zero_point: to.zeroPoint, minimum: range.lowerBound, maximum: range.upperBound,
      left_flip: flip(of: operands.left), right_flip: flip(of: operands.right), result_flip: flip(of: result))
    try emitQuantized(QuantizedProduct(parameters: parameters, kernels: family.table), operands, result: result)
  }

  /// Appends an int8 operator; with one constant value it is a function of the other operand, whose table the operator
  /// itself fills in.
  private mutating func emitQuantized<Operation: BinaryOperation>(
    _ operation: Operation, _ operands: BinaryOperands, result: Operand
  ) throws(CompilationError) where Operation.Element == Int8 {
    let count = self[result].elementCount
    func isFunction(of operand: Operand, with other: Operand) -> Bool {
      self[operand].elementCount == count && self[root(of: operand)].constant == nil
        && self[other].elementCount == 1 && self[root(of: other)].constant != nil
    }
    let isOfLeft = isFunction(of: operands.left, with: operands.right)
    guard isOfLeft || isFunction(of: operands.right, with: operands.left) else {
      try emit(operation, operands, result: result)
      return
    }
    let constant = try materialize(isOfLeft ? operands.right : operands.left).elements(as: Int8.self).pointee
    let one = maskd_broadcast(
      runs: 1, count: 1, left_step: 1, left_stride: 0, right_step: 1, right_stride: 0, result_stride: 1)
    let table = LookupTable { value in
      var entry: Int8 = 0
      operation.apply(
        one, left: [isOfLeft ? value : constant], right: [isOfLeft ? constant : value], result: &entry)
      return entry
    }
    let source = isOfLeft ? operands.left : operands.right
    let step = TableLookup(source: source, result: result, count: count, table: table, kernels: family.table)
    try emit(step, reading: [source], writing: [result])
  }

  mutating func compileQuotient(_ node: Node) throws(CompilationError) {
    try compileArithmetic(
      try binaryOperands(node), node, float: MASKD_DIVIDE,
      // Where the divisor is 0 the reference does not go on; here the result is 0.
      integer: { $1 == 0 ? 0 : $0.dividedReportingOverflow(by: $1).partialValue })
  }

  /// MAXIMUM, MINIMUM: int8 by its raw values, which the reference compares without looking at scales.
  mutating func compileExtremum(_ node: Node, isMaximum: Bool) throws(CompilationError) {
    let operands = try binaryOperands(node)
    if operands.type == .int16 { return try compileInt16Extremum(node, operands, isMaximum: isMaximum) }
    guard operands.type == .int8 else {
      try compileArithmetic(
        operands, node, float: isMaximum ? MASKD_MAXIMUM : MASKD_MINIMUM,
        integer: { isMaximum ? max($0, $1) : min($0, $1) })
      return
    }
    let result = try define(of: node, type: .int8, shape: operands.shape, like: operands.left)
    try emit(Int8Extremum(isMaximum: isMaximum), operands, result: result)
  }

  /// SQUARED_DIFFERENCE: in int8 as SUB, with 7 bits below the unit.
  mutating func compileSquaredDifference(_ node: Node) throws(CompilationError) {
    let operands = try binaryOperands(node)
    if operands.type == .float32 {
      let result = try define(of: node, type: .float32, shape: operands.shape)
      try emit(FloatSquaredDifference(), operands, result: result)
      return
    }
    guard operands.type == .int8, !self[operands.left].isTwin else {
      try compileArithmetic(operands, node, float: nil, integer: { ($0 &- $1) &* ($0 &- $1) })
      return
    }
    let result = try define(of: node, type: .int8, shape: operands.shape, like: operands.left)
    let (left, right, to) = (
      try affine(of: operands.left, node), try affine(of: operands.right, node), try affine(of: result, node)
    )
    let common = Double(2 * max(left.scale, right.scale))
    let function = QuantizedSquaredDifference(
      left: (try multiplier(Double(left.scale) / common, node), left.zeroPoint),
      right: (try multiplier(Double(right.scale) / common, node), right.zeroPoint),
      scale: try multiplier(common * common / Double(Float(1 << 14) * to.scale), node), zeroPoint: to.zeroPoint)
    try emitPairs(function, operands, result: result, node)
  }

  mutating func compilePrelu(_ node: Node) throws(CompilationError) {
    let operands = try binaryOperands(node)
    try node.check(operands.shape == self[operands.left].shape, "the slopes do not fit \(self[operands.left].shape)")
    guard operands.type == .int8 else {
      try compileArithmetic(operands, node, float: MASKD_PRELU, integer: nil)
      return
    }
    let result = try define(of: node, type: .int8, shape: operands.shape, like: operands.left)
    let (from, slope, to) = (
      try affine(of: operands.left, node), try affine(of: operands.right, node), try affine(of: result, node)
    )
    let function = QuantizedPrelu(
      zeroPoint: from.zeroPoint, slopeZeroPoint: slope.zeroPoint,
      identity: try multiplier(Double(from.scale / to.scale), node),
      leak: try multiplier(Double(from.scale * slope.scale / to.scale), node), resultZeroPoint: to.zeroPoint)
    try emitPairs(function, operands, result: result, node)
  }

  /// Appends a function of pairs of int8 values, or tables of it where one operand is a constant, single or for each
  /// channel.
  private mutating func emitPairs(
    _ function: some Int8PairFunction, _ operands: BinaryOperands, result: Operand, _ node: Node
  ) throws(CompilationError) {
    let count = self[result].elementCount
    if self[operands.right].elementCount == 1, self[operands.left].elementCount == count,
      let right = try constantElements(of: operands.right, as: Int8.self, node)?.first
    {
      try emitLookup(LookupTable { function($0, right) }, source: operands.left, result: result)
    } else if self[operands.left].elementCount == 1, self[operands.right].elementCount == count,
      let left = try constantElements(of: operands.left, as: Int8.self, node)?.first
    {
      try emitLookup(LookupTable { function(left, $0) }, source: operands.right, result: result)
    } else if try !emitChannelTables(function, operands, result: result, node) {
      try emit(Int8Pairs(function: function), operands, result: result)
    }
  }

  /// A binary operator on floats with its activation, or on int32.
  private mutating func compileArithmetic(
    _ operands: BinaryOperands, _ node: Node, float: maskd_arithmetic?,
    integer: (@Sendable (Int32, Int32) -> Int32)?
  ) throws(CompilationError) {
    switch (operands.type, float, integer) {
    case (.float32, let operation?, _):
      try emitFloatArithmetic(operation, operands, activation: node.arithmeticActivation, node)
    case (.int32, _, let integer?):
      try node.checkType(node.arithmeticActivation == .none, "a fused activation on int32 is not computed here")
      let result = try define(of: node, type: .int32, shape: operands.shape)
      try emit(ElementFunction(function: integer), operands, result: result)
    default: throw node.unsupported("operands of \(operands.type) are not computed here")
    }
  }
}
