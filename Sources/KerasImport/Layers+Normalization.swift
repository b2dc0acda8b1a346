import TFLite

extension NetworkBuilder {
  /// What a BatchNormalization does at inference: x * scale + shift for each channel.
  func scaleAndShift(of node: Node, channels: Int) throws(KerasImportError) -> (scale: [Float], shift: [Float]) {
    let config = node.config
    let (hasScale, hasCenter) = (config["scale"].bool ?? true, config["center"].bool ?? true)
    var names: [String] = []
    if hasScale { names.append("gamma") }
    if hasCenter { names.append("beta") }
    let arrays = try file.weights(of: node.place, named: names + ["moving_mean", "moving_variance"])
    guard arrays.allSatisfy({ $0.values.count == channels }) else {
      throw node.unsupported("its weights are not for \(channels) channels")
    }
    let mean = arrays[arrays.count - 2].values
    let variance = arrays[arrays.count - 1].values
    let epsilon = config["epsilon"].number ?? 1e-3
    var (scale, shift) = ([Float](), [Float]())
    for channel in 0..<channels {
      let gamma = hasScale ? Double(arrays[0].values[channel]) : 1
      let beta = hasCenter ? Double(arrays[hasScale ? 1 : 0].values[channel]) : 0
      let factor = gamma / (Double(variance[channel]) + epsilon).squareRoot()
      scale.append(Float(factor))
      shift.append(Float(beta - Double(mean[channel]) * factor))
    }
    return (scale, shift)
  }

  /// One that no product before it could take in.
  mutating func translateBatchNormalization(_ node: Node) throws(KerasImportError) {
    let source = try input(of: node)
    let rank = source.shape.count
    let axis = node.config["axis"][0].integer ?? node.config["axis"].integer ?? -1
    guard axis == -1 || axis == rank - 1 else { throw node.unsupported("it does not run along the last dimension") }
    let channels = source.shape[rank - 1]
    let (scale, shift) = try scaleAndShift(of: node, channels: channels)
    try emitAffine(node, source, scale: ([channels], scale), shift: ([channels], shift))
  }

  mutating func translateRescaling(_ node: Node) throws(KerasImportError) {
    let source = try input(of: node)
    let (scale, shift) = (node.config["scale"], node.config["offset"])
    try emitAffine(
      node, source, scale: try perChannel(scale, node), shift: shift.isNull ? ([], [0]) : try perChannel(shift, node))
  }

  /// A number, or one for each channel.
  private func perChannel(_ json: JSONValue, _ node: Node) throws(KerasImportError) -> (shape: [Int], values: [Float]) {
    if let number = json.number { return ([], [Float(number)]) }
    let numbers = (json.array ?? []).compactMap(\.number).map { Float($0) }
    guard !numbers.isEmpty, numbers.count == json.array?.count else {
      throw node.unsupported("its scale and offset must be numbers")
    }
    return ([numbers.count], numbers)
  }

  /// (x - mean) / sqrt(variance), with a mean and a variance for each channel that the file or the settings have.
  mutating func translateNormalization(_ node: Node) throws(KerasImportError) {
    let source = try input(of: node)
    let config = node.config
    guard config["invert"].bool != true else { throw node.unsupported("it is inverted") }
    let mean: [Float]
    let variance: [Float]
    if config["mean"].isNull {
      let arrays = try file.weights(of: node.place, named: ["mean", "variance"])
      (mean, variance) = (arrays[0].values, arrays[1].values)
    } else {
      (mean, variance) = (try perChannel(config["mean"], node).values, try perChannel(config["variance"], node).values)
    }
    guard let channels = source.shape.last, [1, channels].contains(mean.count), mean.count == variance.count else {
      throw node.unsupported("it has \(mean.count) means for an input of shape \(source.shape)")
    }
    // keras/src/layers/preprocessing/normalization.py keeps the divisor from being zero in this way.
    let scale = variance.map { 1 / max($0.squareRoot(), 1e-7) }
    let shape = mean.count == 1 ? [] : [channels]
    try emitAffine(
      node, source, scale: (shape, scale), shift: (shape, zip(mean, scale).map { -$0 * $1 }))
  }

  /// x * scale + shift, with a rectifier behind it where that is the only reader; what changes nothing is left out.
  private mutating func emitAffine(
    _ node: Node, _ source: Value, scale: (shape: [Int], values: [Float]), shift: (shape: [Int], values: [Float])
  ) throws(KerasImportError) {
    let name = node.place.name
    var value = source
    var result = node.result
    var activation = Activation.none
    if let (index, next) = onlyReader(of: node.result), let fused = try fusedActivation(of: next) {
      absorb(index)
      (activation, result) = (fused, next.result)
    }
    if scale.values.contains(where: { $0 != 1 }) {
      let factor = constant("\(name)/scale", scale.shape, scale.values)
      value = try emit(
        .mul, [value.tensor, factor], .arithmetic(activation: .none), shape: value.shape, name: "\(name)/mul")
    }
    if activation != .none || shift.values.contains(where: { $0 != 0 }) {
      let addend = constant("\(name)/shift", shift.shape, shift.values)
      value = try emit(
        .add, [value.tensor, addend], .arithmetic(activation: activation), shape: value.shape, name: name)
    }
    define(result, as: value)
  }
}
