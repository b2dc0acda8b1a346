import CKernels
import FixedPoint
import TFLite

/// FULLY_CONNECTED in int8: a matrix product of one tap.
struct FullyConnected: Step {
  let source: Operand
  let result: Operand
  let rows: Int
  let matrix: PackedMatrix
  let kernels: KernelTable

  private var tile: Int { kernels.pointer.pointee.gemm_s8_shape.mr }
  var partCount: Int { (rows + tile - 1) / tile }
  var scratchByteCount: Int { tile * (MemoryLayout<Int>.stride + 4) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let table = kernels.pointer.pointee
    let mr = table.gemm_s8_shape.mr
    let input = UnsafePointer(arena.int8(source))
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafePointer<Int8>?.self)
    let sums = (arena.scratch + mr * MemoryLayout<Int>.stride).assumingMemoryBound(to: Int32.self)
    var requantization = matrix.requantization.parameters
    for part in parts {
      let first = part * mr
      let count = min(mr, rows - first)
      for row in 0..<count { pointers[row] = input + (first + row) * matrix.depth }
      if matrix.rowScale != 0 {
        table.row_sums_s8(count, mr, 1, matrix.depth, pointers, sums)
        for row in 0..<count { sums[row] = sums[row] &* matrix.rowScale }
      }
      table.gemm_s8(
        count, matrix.columns, 1, matrix.depth, pointers, matrix.memory.start, matrix.rowScale == 0 ? nil : sums,
        arena.int8(result) + first * matrix.columns, matrix.columns, &requantization)
    }
  }
}

extension Compiler {
  mutating func compileFullyConnected(_ node: Node) throws(CompilationError) {
    var activation = Activation.none
    var keepsDimensions = false
    if case .fullyConnected(let options) = node.options {
      activation = options.activation
      keepsDimensions = options.keepDimensions
      try node.checkType(!options.hasShuffledWeights, "weights in the shuffled 4x16 form are not read here")
    }
    let source = try input(0, of: node)
    let weights = try input(1, of: node)
    let bias = try optionalInput(2, of: node)
    let shape = self[weights].shape
    try node.check(shape.count == 2, "weights of shape \(shape) where two sizes are wanted")
    let (columns, depth) = (shape[0], shape[1])
    let elements = self[source].elementCount
    try node.check(
      depth > 0 && columns > 0 && elements % depth == 0,
      "an input of shape \(self[source].shape) does not fit weights of shape \(shape)")
    let rows = elements / depth
    if keepsDimensions {
      try node.check(self[source].shape.last == depth, "an input of shape \(self[source].shape) does not fit \(shape)")
    }
    try countWork(rows, depth, columns)
    let output = keepsDimensions ? self[source].shape.dropLast() + [columns] : [rows, columns]
    switch (self[source].type, self[weights].type) {
    case (.int8, .int8):
      try node.checkType(self[source].isTwin == self[weights].isTwin, "input and weights are of different types")
      let result = try define(of: node, type: .int8, shape: output, like: source)
      let layer = try quantizedLayer(
        input: source, weights: weights, bias: bias, result: result, channels: columns, activation: activation, node)
      let multipliers = try realMultipliers(layer, node)
      let matrix = try PackedMatrix(
        weights: try constantWeights(weights, node)[...], columns: 0..<columns, taps: 1, depth: depth, layer: layer,
        rescaling: .once(multipliers), table: family.table, byteLimit: options.constantByteLimit)
      try countConstant(bytes: matrix.byteCount)
      let step = FullyConnected(source: source, result: result, rows: rows, matrix: matrix, kernels: family.table)
      try emit(step, reading: [source], writing: [result])
    case (.float32, .float32):
      let result = try define(of: node, type: .float32, shape: output)
      try emitFloatProduct(
        source: source, result: result, rows: rows, weights: weights, bias: bias, activation: activation, node)
    case (.int16, .int8):
      try emitInt16FullyConnected(
        source: source, rows: rows, output: Array(output), weights: weights, bias: bias, activation: activation, node)
    default: throw node.unsupported(mixedTypes(source, weights))
    }
  }
}
