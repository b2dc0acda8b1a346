import CKernels
import TFLite

/// DEPTHWISE_CONV_2D in int8 with one result a channel: some rows of the result at a time.
struct DepthwiseConvolution: Step {
  let source: Operand
  let result: Operand
  var rows: PictureRows
  let channels: Int
  /// As the family packs them.
  let weights: AlignedMemory
  let requantization: Requantization
  /// What a tap outside the picture reads, as activations are stored.
  let outside: Int8
  let kernels: KernelTable

  var partCount: Int { rows.window.batches * rows.window.outputHeight }
  var scratchByteCount: Int { rows.scratchByteCount }

  func run(_ parts: Range<Int>, in arena: Arena) {
    var work = begin(input: arena.bytes(source), arena.scratch)
    rows.forEachGroup(of: parts) { rows in
      convolve(
        rows.count, work.ring.pointers(forRows: rows), to: arena.int8(result) + rows.lowerBound * rowByteCount, &work)
    }
  }

  /// Bytes of a row of results.
  var rowByteCount: Int { rows.window.outputWidth * channels }

  /// What a thread needs while it computes rows.
  struct Work {
    let ring: PictureRows.Ring
    fileprivate var geometry: maskd_depthwise_window
    fileprivate var epilogue: maskd_epilogue
  }

  /// Begins with the picture, if it is in memory, and that much scratch as `rows` says.
  func begin(input: UnsafeRawPointer?, _ scratch: UnsafeMutableRawPointer) -> Work {
    var geometry = rows.window.depthwiseGeometry(pixelByteCount: channels, resultByteCount: channels)
    let padding = rows.kernelPadding
    (geometry.left, geometry.right, geometry.outside) = (padding.left, padding.right, outside)
    return Work(
      ring: PictureRows.Ring(rows, input: input, outside: UInt8(bitPattern: outside), scratch: scratch),
      geometry: geometry,
      epilogue: requantization.parameters)
  }

  /// Computes rows of results from pointers to the rows under their windows.
  @inline(__always)
  func convolve(
    _ count: Int, _ pointers: UnsafeMutablePointer<UnsafeRawPointer?>, to target: UnsafeMutablePointer<Int8>,
    _ work: inout Work
  ) {
    kernels.pointer.pointee.depthwise_s8(
      count, rows.window.outputWidth, channels, &work.geometry,
      UnsafeRawPointer(pointers).assumingMemoryBound(to: UnsafePointer<Int8>?.self), weights.start, target,
      &work.epilogue)
  }
}

extension Compiler {
  mutating func compileDepthwiseConvolution(_ node: Node) throws(CompilationError) {
    guard case .depthwiseConvolution(let options) = node.options else {
      throw node.mismatch("its settings are missing")
    }
    let settings = options.convolution
    let (source, input, pad) = try picture(0, of: node)
    let weights = try input4D(1, of: node)
    let bias = try optionalInput(2, of: node)
    let shape = self[weights].shape
    let inputChannels = self[input].shape[3]
    try node.check(
      shape[0] == 1 && shape[3] > 0 && shape[3] % inputChannels == 0,
      "weights of shape \(shape) do not fit a picture of \(inputChannels) channels")
    let window = try Window(
      input: self[source].shape, height: shape[1], width: shape[2], options: settings, absorbed: pad, node)
    try countWork(window.outputPixels, window.taps, shape[3])
    let output = [window.batches, window.outputHeight, window.outputWidth, shape[3]]
    switch (self[input].type, self[weights].type) {
    case (.int8, .int8):
      try node.checkType(self[input].isTwin == self[weights].isTwin, "input and weights are of different types")
      let result = try define(of: node, type: .int8, shape: output, like: input)
      chooseForm(of: result)
      let layer = try quantizedLayer(
        input: input, weights: weights, bias: bias, result: result, channels: shape[3], activation: settings.activation,
        node)
      if inputChannels == 1 {
        let values = try weightsToPack(weights, node)
        try emitConvolution(
          source: source, result: result, window: window,
          weights: values?.channelsFirst(taps: window.taps, channels: shape[3]), depth: 1, layer: layer,
          multipliersInFloat: layer.isLegacy, node)
      } else {
        // Weights less their zero point, as legacy uint8 models have it, take more than int8.
        let form = layer.weightZeroPoint == 0 ? try asConvolved(source, node) : try withoutOffset(source, node)
        let repeated = try repeatChannels(of: form, times: shape[3] / inputChannels, node)
        if layer.weightZeroPoint == 0 {
          try emitDepthwise(
            source: repeated, result: result, window: window, weights: try weightsToPack(weights, node), layer: layer,
            node)
        } else {
          try emitWideDepthwise(
            source: repeated, result: result, window: window, weights: try constantWeights(weights, node), layer: layer,
            node)
        }
      }
    case (.float32, .float32):
      let result = try define(of: node, type: .float32, shape: output)
      let repeated = try repeatChannels(of: source, times: shape[3] / inputChannels, node)
      try emitFloatDepthwise(
        source: repeated, result: result, window: window, weights: weights, bias: bias, activation: settings.activation,
        node)
    case (.float32, .int8):
      let result = try define(of: node, type: .float32, shape: output)
      let repeated = try repeatChannels(of: source, times: shape[3] / inputChannels, node)
      try emitDynamicDepthwise(
        source: repeated, result: result, window: window, weights: weights, bias: bias, activation: settings.activation,
        node)
    case (.int16, .int8):
      let repeated = try repeatChannels(of: source, times: shape[3] / inputChannels, node)
      try emitInt16Depthwise(
        source: repeated, input: input, window: window, weights: weights, bias: bias, activation: settings.activation,
        node)
    default: throw node.unsupported(mixedTypes(input, weights))
    }
  }

  private mutating func emitDepthwise(
    source: Operand, result: Operand, window: Window, weights: WeightSource?, layer: QuantizedLayer, _ node: Node
  ) throws(CompilationError) {
    let table = family.table.pointer.pointee
    let channels = layer.weightScales.count
    guard let byteCount = Int(exactly: table.packed_depthwise_s8_bytes(window.height, window.width, channels)) else {
      throw .tooBig("the packed weights of a layer take more than the limit of \(options.constantByteLimit) bytes")
    }
    try countConstant(bytes: byteCount)
    let memory = packed.next(byteCount: byteCount)
    let scaling = packed.next(byteCount: Requantization.byteCount(columns: channels))
    let offset = layer.input.zeroPoint &+ activationOffset
    let isProven = Requantization.gainsFromProof(
      rows: window.outputPixels, products: window.taps, layer: layer, rounding: MASKD_ROUND_TWICE, table: family.table)
    let proof = isProven ? packed.next(byteCount: Requantization.byteCount(columns: channels)) : nil
    var requantization: Requantization
    if let weights {
      let sums = weights.packDepthwise(
        height: window.height, width: window.width, channels: channels, table: family.table, into: memory.start)
      let bias = zip(try biases(of: layer, node), sums).map { bias, sum in bias &- offset &* sum }
      requantization = try depthwiseRequantization(bias, layer, result: result, in: scaling, node)
      if let proof {
        let most = [Int32](repeating: 128 * Int32(window.taps), count: channels)
        requantization.prove(in: proof, weights: WeightSums(sums: sums, magnitudes: most), table: family.table)
        try countConstant(bytes: proof.byteCount)
      }
    } else {
      requantization = Requantization(
        filled: scaling, proof: proof, columns: channels, rounding: MASKD_ROUND_TWICE, layer: layer,
        hasOffset: self[result].hasOffset, packed: &packed)
      try countConstant(bytes: requantization.byteCount)
    }
    var rows = PictureRows(window: window, pixelByteCount: channels)
    rows.arePaddedByKernel = table.pads_depthwise_s8 && rows.suitsPaddingKernel
    let step = DepthwiseConvolution(
      source: source, result: result, rows: rows, channels: channels,
      weights: memory, requantization: requantization, outside: Int8(truncatingIfNeeded: offset), kernels: family.table)
    try emit(step, reading: [source], writing: [result])
  }

  /// For weights with a zero point.
  private mutating func emitWideDepthwise(
    source: Operand, result: Operand, window: Window, weights: [Int8], layer: QuantizedLayer, _ node: Node
  ) throws(CompilationError) {
    let channels = layer.weightScales.count
    let padded = Requantization.padded(channels)
    try countConstant(bytes: window.taps * padded * 2)
    let packed = AlignedMemory(byteCount: window.taps * padded * 2)
    let elements = packed.elements(as: Int16.self)
    var bias = try biases(of: layer, node)
    for tap in 0..<window.taps {
      for channel in 0..<channels {
        let weight = Int32(weights[tap * channels + channel]) - layer.weightZeroPoint
        elements[tap * padded + channel] = Int16(weight)
        bias[channel] = bias[channel] &- layer.input.zeroPoint &* weight
      }
    }
    let outside = [Int8](repeating: Int8(layer.input.zeroPoint), count: window.hasPadding ? channels : 0)
    let step = WideDepthwiseConvolution(
      source: source, result: result, window: window, channels: channels, weights: packed,
      requantization: try depthwiseRequantization(bias, layer, result: result, node),
      outside: AlignedMemory(copying: outside), kernels: family.table)
    try emit(step, reading: [source], writing: [result])
  }

  private mutating func depthwiseRequantization(
    _ bias: [Int32], _ layer: QuantizedLayer, result: Operand, in memory: AlignedMemory? = nil, _ node: Node
  ) throws(CompilationError) -> Requantization {
    let requantization = Requantization(
      bias: bias, rescaling: .twice(try multipliers(layer, productInFloat: layer.isLegacy, node)),
      zeroPoint: layer.result.zeroPoint, range: layer.range, hasOffset: self[result].hasOffset,
      in: memory)
    try countConstant(bytes: requantization.byteCount)
    return requantization
  }

  /// The picture with each channel repeated: what a depthwise convolution with several results a channel reads.
  private mutating func repeatChannels(of source: Operand, times: Int, _ node: Node) throws(CompilationError) -> Operand
  {
    guard times > 1 else { return source }
    let value = self[source]
    let size = value.type.byteCount ?? 1
    var repeated = value
    repeated.storage = nil
    repeated.constant = nil
    repeated.shape[3] *= times
    let result = try makeValue(repeated, node)
    let pixels = value.elementCount
    let walk = Rearrangement(
      elementByteCount: size,
      axes: [
        .init(count: pixels, sourceStride: size, resultStride: size * times),
        .init(count: times, sourceStride: 0, resultStride: size),
      ])
    try emit(Rearrange(source: source, result: result, walk: walk), reading: [source], writing: [result])
    return result
  }
}
