import CKernels
import FixedPoint
import TFLite

/// TRANSPOSE_CONV: a convolution run backwards, each input pixel spread over a window of the result.
///
/// A result pixel gathers from the input pixels whose windows lie over it. Which taps these are depends only on its row
/// and column modulo the strides, so the weights are kept apart for each such residue.
struct TransposeConvolution<Arithmetic: ProductArithmetic>: Step {
  let source: Operand
  let result: Operand
  /// The forward convolution: its input is the picture that is computed here.
  let window: Window
  let inputChannels: Int
  let outputChannels: Int
  /// For each residue of row and column the weights [result channel][tap][depth].
  let weights: AlignedMemory
  /// Where the weights of each residue begin, row residues first; -1 where no tap falls.
  let weightOffsets: [Int]
  let outside: AlignedMemory
  let arithmetic: Arithmetic

  /// Result pixels of a row that share one pass over the weights.
  private static var tile: Int { 8 }

  var partCount: Int { window.batches * window.inputHeight }
  /// The pointers of a tile, then its sums.
  var scratchByteCount: Int { Self.tile * (window.taps + outputChannels) * 8 }

  func run(_ parts: Range<Int>, in arena: Arena) {
    for part in parts {
      let (batch, y) = part.quotientAndRemainder(dividingBy: window.inputHeight)
      for first in 0..<min(window.strideWidth, window.inputWidth) {
        // The pixels of one column residue: every strideWidth-th.
        var x = first
        while x < window.inputWidth {
          let count = min(Self.tile, (window.inputWidth - x - 1) / window.strideWidth + 1)
          runTile(batch: batch, y: y, x: x, count: count, in: arena)
          x += count * window.strideWidth
        }
      }
    }
  }

  /// Computes `count` pixels of a row, `strideWidth` apart.
  private func runTile(batch: Int, y: Int, x: Int, count: Int, in arena: Arena) {
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafePointer<Arithmetic.Element>?.self)
    let sums = (arena.scratch + Self.tile * window.taps * 8).assumingMemoryBound(to: Arithmetic.Sum.self)
    let input = UnsafePointer(arena.elements(source, as: Arithmetic.Element.self))
    let (rowResidue, columnResidue) = ((y + window.top) % window.strideHeight, (x + window.left) % window.strideWidth)
    var taps = 0
    for tapY in stride(from: rowResidue, to: window.height, by: window.strideHeight) {
      let row = (y + window.top - tapY) / window.strideHeight
      let isInside = y + window.top >= tapY && row < window.outputHeight
      for tapX in stride(from: columnResidue, to: window.width, by: window.strideWidth) {
        for slot in 0..<count {
          let position = x + slot * window.strideWidth + window.left - tapX
          let column = position / window.strideWidth
          let pixel = (batch * window.outputHeight + row) * window.outputWidth + column
          pointers[taps * Self.tile + slot] =
            isInside && position >= 0 && column < window.outputWidth
            ? input + pixel * inputChannels : UnsafePointer(outside.elements(as: Arithmetic.Element.self))
        }
        taps += 1
      }
    }
    if taps > 0 {
      let offset = weightOffsets[rowResidue * window.strideWidth + columnResidue]
      arithmetic.sum(
        rows: count, slots: Self.tile, columns: outputChannels, taps: taps, depth: inputChannels, pointers,
        weights.elements(as: Arithmetic.Element.self) + offset, sums)
    } else {
      UnsafeMutableRawPointer(sums).initializeMemory(
        as: UInt8.self, repeating: 0, count: count * outputChannels * MemoryLayout<Arithmetic.Sum>.stride)
    }
    let output = arena.elements(result, as: Arithmetic.Result.self)
    for slot in 0..<count {
      let pixel = (batch * window.inputHeight + y) * window.inputWidth + x + slot * window.strideWidth
      arithmetic.write(sums + slot * outputChannels, to: output + pixel * outputChannels, count: outputChannels)
    }
  }
}

extension Compiler {
  /// The geometry of one TRANSPOSE_CONV.
  private struct Backwards {
    let source: Operand
    let weights: Operand
    let bias: Operand?
    let window: Window
    let shape: [Int]
    let activation: Activation
  }

  mutating func compileTransposeConvolution(_ node: Node) throws(CompilationError) {
    let layer = try backwards(node)
    let (type, channels) = (self[layer.source].type, layer.shape[3])
    try countWork(layer.window.outputPixels, layer.window.taps, self[layer.source].shape[3], channels)
    switch (type, self[layer.weights].type) {
    case (.float32, .float32):
      let result = try define(of: node, type: .float32, shape: layer.shape)
      let arithmetic = FloatProducts(
        bias: try layer.bias.map { operand throws(CompilationError) in
          try constant(operand, as: Float.self, type: .float32, count: channels, node)
        } ?? [Float](repeating: 0, count: channels), range: try floatRange(layer.activation, node))
      let weights = try constant(
        layer.weights, as: Float.self, type: .float32, count: self[layer.weights].elementCount, node)
      try emitTransposeConvolution(layer, source: layer.source, weights, arithmetic, result: result, node)
    case (.int8, .int8):
      try node.checkType(
        self[layer.source].isTwin == self[layer.weights].isTwin, "input and weights are of different types")
      let result = try define(of: node, type: .int8, shape: layer.shape, like: layer.source)
      let quantized = try quantizedLayer(
        input: layer.source, weights: layer.weights, bias: layer.bias, result: result, channels: channels,
        activation: layer.activation, node)
      let requantization = SumRequantization(
        bias: try biases(of: quantized, node).map(Int64.init),
        rescaling: .twice(try multipliers(quantized, productInFloat: quantized.isLegacy, node)),
        zeroPoint: quantized.result.zeroPoint, range: quantized.range)
      let weights = try constantWeights(layer.weights, node).map { Int16($0) - Int16(quantized.weightZeroPoint) }
      let source = try widened(layer.source, zeroPoint: quantized.input.zeroPoint, node)
      try emitTransposeConvolution(
        layer, source: source, weights,
        NarrowProducts(block: ProductBlock.int8, requantization: requantization), result: result, node)
    case (.int16, .int8):
      let result = try define(of: node, type: .int16, shape: layer.shape)
      let requantization = try int16Layer(
        input: layer.source, weights: layer.weights, bias: layer.bias, result: result, channels: channels,
        activation: layer.activation, isProduct: false, node)
      try emitTransposeConvolution(
        layer, source: layer.source, try constantWeights(layer.weights, node).map(Int16.init),
        WideProducts(block: ProductBlock.int16WithInt8, requantization: requantization), result: result, node)
    default: throw node.unsupported(mixedTypes(layer.source, layer.weights))
    }
  }

  /// Reads operands and settings, and works the geometry out.
  private mutating func backwards(_ node: Node) throws(CompilationError) -> Backwards {
    guard case .transposeConvolution(let padding, let height, let width, let activation) = node.options else {
      throw node.mismatch("its settings are missing")
    }
    let (weights, source) = (try input4D(1, of: node), try input4D(2, of: node))
    let (kernel, input) = (self[weights].shape, self[source].shape)
    let shape = try resultShape(node)
    try node.check(
      shape.count == 4 && shape.allSatisfy { (1...1 << 20).contains($0) } && shape[0] == input[0]
        && shape[3] == kernel[0] && kernel[3] == input[3],
      "weights of shape \(kernel) do not take \(input) to \(shape)")
    let settings = ConvolutionOptions(
      padding: padding, strideHeight: height, strideWidth: width, dilationHeight: 1, dilationWidth: 1,
      activation: activation)
    let window = try Window(
      input: shape, height: kernel[1], width: kernel[2], options: settings, absorbed: nil, node)
    try node.check(
      window.outputHeight == input[1] && window.outputWidth == input[2],
      "a result of \(shape) would come of \(window.outputHeight)x\(window.outputWidth) pixels, not of \(input)")
    return Backwards(
      source: source, weights: weights, bias: try optionalInput(3, of: node), window: window, shape: shape,
      activation: activation)
  }

  /// The shape that the first operand asks for. Where that is computed, or written by the client, the program can only
  /// have the shape that the file declares.
  private mutating func resultShape(_ node: Node) throws(CompilationError) -> [Int] {
    guard let operand = try optionalInput(0, of: node) else { throw node.mismatch("operand 0 is missing") }
    if self[operand].constant != nil { return try integers(of: 0, node) }
    guard let output = node.outputs.first, model.main.tensors[output].hasShape,
      model.main.tensors[output].shapeSignature?.contains(-1) != true
    else { throw node.mismatch("the shape of its result is known only while the model runs") }
    return model.main.tensors[output].shape
  }

  /// The elements of a constant of a known type and number.
  private func constant<Element: BitwiseCopyable>(
    _ operand: Operand, as _: Element.Type, type: ElementType, count: Int, _ node: Node
  ) throws(CompilationError) -> [Element] {
    try node.checkType(self[operand].type == type, "\"\(self[operand].name)\" is of \(self[operand].type), not \(type)")
    guard let elements = try constantElements(of: operand, as: Element.self, node) else {
      throw node.unsupported("weights and bias must be constant here; they are computed while the model runs")
    }
    try node.check(elements.count == count, "\"\(self[operand].name)\" has \(elements.count) values where \(count) fit")
    return elements
  }

  /// Sorts weights [result channel][row][column][depth] by residue, and appends the step.
  private mutating func emitTransposeConvolution<Arithmetic: ProductArithmetic>(
    _ layer: Backwards, source: Operand, _ weights: [Arithmetic.Element], _ arithmetic: Arithmetic, result: Operand,
    _ node: Node
  ) throws(CompilationError) {
    let (window, depth, channels) = (layer.window, self[source].shape[3], layer.shape[3])
    try node.check(
      window.strideHeight * window.strideWidth <= 1 << 16, "its strides have more than \(1 << 16) residues")
    try countConstant(bytes: weights.count * MemoryLayout<Arithmetic.Element>.stride)
    var sorted: [Arithmetic.Element] = []
    sorted.reserveCapacity(weights.count)
    var offsets = [Int](repeating: -1, count: window.strideHeight * window.strideWidth)
    for row in 0..<min(window.strideHeight, window.height) {
      for column in 0..<min(window.strideWidth, window.width) {
        offsets[row * window.strideWidth + column] = sorted.count
        for channel in 0..<channels {
          for tapY in stride(from: row, to: window.height, by: window.strideHeight) {
            for tapX in stride(from: column, to: window.width, by: window.strideWidth) {
              let start = ((channel * window.height + tapY) * window.width + tapX) * depth
              sorted += weights[start..<start + depth]
            }
          }
        }
      }
    }
    let step = TransposeConvolution(
      source: source, result: result, window: window, inputChannels: depth, outputChannels: channels,
      weights: AlignedMemory(copying: sorted), weightOffsets: offsets,
      outside: AlignedMemory(byteCount: depth * MemoryLayout<Arithmetic.Element>.stride), arithmetic: arithmetic)
    try emit(step, reading: [source], writing: [result])
  }
}
