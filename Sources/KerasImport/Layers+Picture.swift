import TFLite

extension NetworkBuilder {
  mutating func translatePool(_ node: Node) throws(KerasImportError) {
    let source = try picture(of: node)
    let (height, width) = try pair("pool_size", of: node, default: 2)
    // Without strides of its own the windows touch.
    let hasStrides = !node.config["strides"].isNull
    let (strideHeight, strideWidth) = hasStrides ? try pair("strides", of: node) : (height, width)
    let padding = try padding(of: node)
    let options = PoolOptions(
      padding: padding, strideHeight: strideHeight, strideWidth: strideWidth, filterHeight: height,
      filterWidth: width, activation: .none)
    let shape = [
      1, try windowCount(source.shape[1], window: height, stride: strideHeight, padding: padding, node),
      try windowCount(source.shape[2], window: width, stride: strideWidth, padding: padding, node), source.shape[3],
    ]
    let isMaximum = node.className.hasPrefix("Max")
    define(
      node.result,
      as: try emit(
        isMaximum ? .maxPool2D : .averagePool2D, [source.tensor], .pool(options), shape: shape, name: node.place.name))
  }

  mutating func translateGlobalPool(_ node: Node) throws(KerasImportError) {
    let source = try picture(of: node)
    let keeps = node.config["keepdims"].bool ?? false
    let axes = constant("\(node.place.name)/axes", [2], [Int32(1), 2])
    let channels = source.shape[3]
    let isMaximum = node.className.hasPrefix("GlobalMax")
    define(
      node.result,
      as: try emit(
        isMaximum ? .reduceMax : .mean, [source.tensor, axes], .reduce(keepDimensions: keeps),
        shape: keeps ? [1, 1, 1, channels] : [1, channels], name: node.place.name))
  }

  mutating func translatePictureChange(_ node: Node) throws(KerasImportError) {
    let source = try picture(of: node)
    switch node.className {
    case "ZeroPadding2D": try pad(node, source)
    case "Cropping2D": try crop(node, source)
    default: try enlarge(node, source)
    }
  }

  /// ((top, bottom), (left, right)), (vertical, horizontal) or one number.
  private func edges(_ setting: String, of node: Node) throws(KerasImportError) -> [Int] {
    let json = node.config[setting]
    var edges: [Int?]
    if let all = json.integer {
      edges = [all, all, all, all]
    } else {
      edges = [0, 1].flatMap { side -> [Int?] in
        if let both = json[side].integer { return [both, both] }
        return [json[side][0].integer, json[side][1].integer]
      }
    }
    let known = edges.compactMap { $0 }.filter { (0...65_536).contains($0) }
    guard known.count == 4 else { throw node.unsupported("its \(setting) is not understood") }
    return known
  }

  private mutating func pad(_ node: Node, _ source: Value) throws(KerasImportError) {
    let edges = try edges("padding", of: node)
    let amounts = constant("\(node.place.name)/amounts", [4, 2], [0, 0] + edges.map { Int32($0) } + [0, 0])
    let shape = [1, source.shape[1] + edges[0] + edges[1], source.shape[2] + edges[2] + edges[3], source.shape[3]]
    define(
      node.result, as: try emit(.pad, [source.tensor, amounts], .none, shape: shape, name: node.place.name))
  }

  private mutating func crop(_ node: Node, _ source: Value) throws(KerasImportError) {
    let edges = try edges("cropping", of: node)
    let (bottom, right) = (source.shape[1] - edges[1], source.shape[2] - edges[3])
    guard bottom > edges[0], right > edges[2] else { throw node.unsupported("it leaves nothing of its input") }
    let name = node.place.name
    let begin = constant("\(name)/begin", [4], [0, Int32(edges[0]), Int32(edges[2]), 0])
    let end = constant("\(name)/end", [4], [1, Int32(bottom), Int32(right), Int32(source.shape[3])])
    let strides = constant("\(name)/strides", [4], [Int32](repeating: 1, count: 4))
    let options = StridedSliceOptions(
      beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0, offset: false)
    define(
      node.result,
      as: try emit(
        .stridedSlice, [source.tensor, begin, end, strides], .stridedSlice(options),
        shape: [1, bottom - edges[0], right - edges[2], source.shape[3]], name: name))
  }

  private mutating func enlarge(_ node: Node, _ source: Value) throws(KerasImportError) {
    let (vertical, horizontal) = try pair("size", of: node, default: 2)
    let method = node.config["interpolation"].string ?? "nearest"
    guard ["nearest", "bilinear"].contains(method) else {
      throw node.unsupported("its interpolation \"\(method)\" is not known; nearest and bilinear are")
    }
    let (height, width) = (source.shape[1] * vertical, source.shape[2] * horizontal)
    guard height <= 1 << 20, width <= 1 << 20 else { throw node.unsupported("its result would be \(height)x\(width)") }
    let size = constant("\(node.place.name)/size", [2], [Int32(height), Int32(width)])
    define(
      node.result,
      as: try emit(
        method == "nearest" ? .resizeNearestNeighbor : .resizeBilinear, version: 3, [source.tensor, size],
        .resize(alignCorners: false, halfPixelCenters: true), shape: [1, height, width, source.shape[3]],
        name: node.place.name))
  }

  mutating func translateReshape(_ node: Node) throws(KerasImportError) {
    let source = try input(of: node)
    let count = source.shape.reduce(1, *)
    var shape = [1, count]
    if node.className == "Reshape" {
      guard let target = node.config["target_shape"].array else { throw node.unsupported("it has no target_shape") }
      let sizes = target.compactMap(\.integer)
      let known = sizes.filter { $0 != -1 }.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
      guard sizes.count == target.count, sizes.count(where: { $0 == -1 }) <= 1, known > 0, count % known == 0 else {
        throw node.unsupported("its target_shape does not fit an input of shape \(source.shape)")
      }
      shape = [1] + sizes.map { $0 == -1 ? count / known : $0 }
    }
    guard shape.reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue }) == count else {
      throw node.unsupported("its target_shape does not fit an input of shape \(source.shape)")
    }
    guard shape != source.shape else { return define(node.result, as: source) }
    let sizes = constant("\(node.place.name)/shape", [shape.count], shape.map { Int32(clamping: $0) })
    define(
      node.result,
      as: try emit(
        .reshape, [source.tensor, sizes], .reshape(newShape: shape), shape: shape, name: node.place.name))
  }
}
