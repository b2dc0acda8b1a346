import CKernels
import FixedPoint
import TFLite

/// QUANTIZE from float32.
struct QuantizeFloat: Step {
  let source: Operand
  let result: Operand
  let count: Int
  let parameters: maskd_division
  let kernels: KernelTable

  var partCount: Int { Chunks.count(of: count) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let range = Chunks.range(of: parts, in: count)
    var parameters = parameters
    kernels.pointer.pointee.divide_f32_s8(
      range.count, arena.float(source) + range.lowerBound, &parameters, arena.int8(result) + range.lowerBound)
  }
}

/// DEQUANTIZE from int8.
struct DequantizeInt8: Step {
  let source: Operand
  let result: Operand
  let count: Int
  /// One scale and zero point for each index along an axis; an index changes every `innerCount` elements.
  let scales: [Float]
  let zeroPoints: [Int32]
  let innerCount: Int

  var partCount: Int { Chunks.count(of: count) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let (from, target) = (arena.int8(source), arena.float(result))
    if scales.count == 1 {
      let (scale, zeroPoint) = (scales[0], zeroPoints[0])
      for index in Chunks.range(of: parts, in: count) { target[index] = scale * Float(Int32(from[index]) - zeroPoint) }
      return
    }
    for index in Chunks.range(of: parts, in: count) {
      let channel = index / innerCount % scales.count
      target[index] = scales[channel] * Float(Int32(from[index]) - zeroPoints[channel])
    }
  }
}

/// DEQUANTIZE from float16.
struct DequantizeFloat16: Step {
  let source: Operand
  let result: Operand
  let count: Int

  var partCount: Int { Chunks.count(of: count) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let (from, target) = (arena.elements(source, as: UInt16.self), arena.float(result))
    for index in Chunks.range(of: parts, in: count) { target[index] = Float(halfBits: from[index]) }
  }
}

extension Compiler {
  mutating func compileQuantize(_ node: Node) throws(CompilationError) {
    let source = try storedInput(0, of: node)
    let value = self[source]
    let wanted = node.outputs.first.map { model.main.tensors[$0].type }
    let becomesInt8 = wanted == .int8 || wanted == .uint8
    if value.type != .int8 || !becomesInt8, try compileInt16Quantize(node) { return }
    guard becomesInt8 else {
      throw node.unsupported("a result of this type from \(value.type) is not computed here")
    }
    let result = try define(of: node, type: .int8, shape: value.shape)
    let to = try affine(of: result, node)
    switch value.type {
    case .float32:
      chooseForm(of: result)
      let parameters = maskd_division(scale: to.scale, zero_point: to.zeroPoint, flip: flip(of: result))
      let step = QuantizeFloat(
        source: source, result: result, count: value.elementCount, parameters: parameters, kernels: family.table)
      try emit(step, reading: [source], writing: [result])
    case .int8:
      let from = try affine(of: source, node)
      let scale = try multiplier(Double(from.scale) / Double(to.scale), node)
      let table = LookupTable {
        Int8(clamping: to.zeroPoint &+ scale.roundingTwice(Int32($0) - from.zeroPoint))
      }
      chooseForm(of: result)
      try emitLookup(table, source: source, result: result)
    default: throw node.unsupported("operands of \(value.type) are not computed here")
    }
  }

  mutating func compileDequantize(_ node: Node) throws(CompilationError) {
    let source = try input(0, of: node)
    let value = self[source]
    let result = try define(of: node, type: .float32, shape: value.shape)
    switch value.type {
    case .float16:
      // Weights stay in the file until a layer packs them.
      if case .file(let range, nil)? = value.constant {
        try checkConstant(source, node)
        values[result.index].constant = .float16(range)
        return
      }
      let step = DequantizeFloat16(source: source, result: result, count: value.elementCount)
      try emit(step, reading: [source], writing: [result])
    case .int8:
      guard let quantization = value.quantization, quantization.scales.count == quantization.zeroPoints.count else {
        throw node.unsupported("\"\(value.name)\" has no scale")
      }
      let zeroPoints = quantization.zeroPoints.compactMap { Int8(exactly: $0).map(Int32.init) }
      try node.checkType(zeroPoints.count == quantization.scales.count, "a zero point is out of range")
      var innerCount = 1
      if quantization.isPerAxis {
        let axis = try axis(quantization.axis, rank: value.shape.count, node)
        try node.check(quantization.scales.count == value.shape[axis], "its scales do not fit \(value.shape)")
        innerCount = value.shape[(axis + 1)...].reduce(1, *)
      }
      let step = DequantizeInt8(
        source: source, result: result, count: value.elementCount, scales: quantization.scales,
        zeroPoints: zeroPoints, innerCount: innerCount)
      try emit(step, reading: [source], writing: [result])
    case .int16: try emitDequantizeInt16(node, source: source, result: result)
    default: throw node.unsupported("operands of \(value.type) are not computed here")
    }
  }
}
