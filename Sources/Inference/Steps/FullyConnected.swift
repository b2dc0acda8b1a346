import CKernels
import TFLite

/// FULLY_CONNECTED: a convolution of one tap, whose rows are its pixels.
extension Compiler {
  mutating func compileFullyConnected(_ node: Node) throws(CompilationError) {
    var activation = Activation.none
    var keepsDimensions = false
    var isAsymmetric = false
    if case .fullyConnected(let options) = node.options {
      activation = options.activation
      keepsDimensions = options.keepDimensions
      isAsymmetric = options.asymmetricQuantizeInputs
      try node.checkType(!options.hasShuffledWeights, "weights in the shuffled 4x16 form are not read here")
    }
    let source = try storedInput(0, of: node)
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
      chooseForm(of: result)
      let source = try asConvolved(source, node)
      let layer = try quantizedLayer(
        input: source, weights: weights, bias: bias, result: result, channels: columns, activation: activation, node)
      let unpacked = try weightsToPack(weights, node).map { weights throws(CompilationError) in
        UnpackedMatrix(
          weights: weights, bias: try biases(of: layer, node), rescaling: .once(try realMultipliers(layer, node)))
      }
      let matrix = try PackedMatrix(
        unpacked, rows: rows, columns: 0..<columns, taps: 1, depth: depth, layer: layer, rounding: MASKD_ROUND_ONCE,
        hasOffset: self[result].hasOffset, table: family.table, byteLimit: options.constantByteLimit, packed: &packed)
      try countConstant(bytes: matrix.byteCount)
      let step = Convolution(
        source: source, result: result, window: Window(rows: rows), tap: .pixel, inputChannels: depth,
        outputChannels: columns, firstInput: 0, firstOutput: 0, matrix: matrix,
        parts: MatrixParts(
          rows: rows, columns: columns, columnByteCount: depth, mr: family.table.pointer.pointee.gemm_s8_shape.mr),
        outside: AlignedMemory(byteCount: 0), kernels: family.table)
      try emit(step, reading: [source], writing: [result])
    case (.float32, .float32):
      let result = try define(of: node, type: .float32, shape: output)
      try emitFloatProduct(
        source: source, result: result, rows: rows, weights: weights, bias: bias, activation: activation, node)
    case (.float32, .int8):
      let result = try define(of: node, type: .float32, shape: Array(output))
      try emitDynamicFullyConnected(
        source: source, result: result, rows: rows, weights: weights, bias: bias, activation: activation,
        isAsymmetric: isAsymmetric, node)
    case (.int16, .int8):
      try emitInt16FullyConnected(
        source: source, rows: rows, output: Array(output), weights: weights, bias: bias, activation: activation, node)
    default: throw node.unsupported(mixedTypes(source, weights))
    }
  }
}
