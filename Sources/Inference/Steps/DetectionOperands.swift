import TFLite

extension Compiler {
  /// TFLite_Detection_PostProcess.
  mutating func compileDetection(_ node: Node) throws(CompilationError) {
    guard case .detection(let options) = node.options else { throw node.mismatch("its settings are missing") }
    try check(options, node)
    let (boxes, scores, anchors) = (
      try reals(0, of: node), try reals(1, of: node), try reals(2, of: node)
    )
    let (boxShape, scoreShape, anchorShape) = (self[boxes].shape, self[scores].shape, self[anchors].shape)
    try node.check(
      boxShape.count == 3 && scoreShape.count == 3 && anchorShape.count == 2 && boxShape[0] == 1 && scoreShape[0] == 1
        && boxShape[1] == scoreShape[1] && boxShape[1] == anchorShape[0] && boxShape[2] >= 4 && anchorShape[1] == 4,
      "boxes of shape \(boxShape), scores of \(scoreShape) and anchors of \(anchorShape) do not fit")
    try node.check(
      (0...1).contains(scoreShape[2] - options.classCount),
      "\(scoreShape[2]) scores do not fit \(options.classCount) classes, with or without a background")
    try node.check(boxShape[1] < 1 << 24, "more than \(1 << 24) anchors are not computed here")
    // Each box is compared with all that were kept.
    let perClass = options.isRegular ? min(options.countPerClass, options.maximumCount) : options.maximumCount
    try countWork(options.isRegular ? options.classCount : 1, boxShape[1], perClass)
    let count = options.maximumCount * options.classesPerDetection
    let results = (
      boxes: try define(output: 0, of: node, type: .float32, shape: [1, count, 4]),
      classes: try define(output: 1, of: node, type: .float32, shape: [1, count]),
      scores: try define(output: 2, of: node, type: .float32, shape: [1, count]),
      count: try define(output: 3, of: node, type: .float32, shape: [1])
    )
    let step = Detection(
      boxes: boxes, scores: scores, anchors: anchors, results: results, anchorCount: boxShape[1],
      codeCount: boxShape[2], scoreCount: scoreShape[2], options: options)
    try emit(
      step, reading: [boxes, scores, anchors],
      writing: [results.boxes, results.classes, results.scores, results.count])
  }

  private func check(_ options: DetectionOptions, _ node: Node) throws(CompilationError) {
    let limit = 1 << 16
    for (number, name) in [
      (options.maximumCount, "max_detections"), (options.classesPerDetection, "max_classes_per_detection"),
      (options.isRegular ? options.countPerClass : 1, "detections_per_class"), (options.classCount, "num_classes"),
    ] {
      try node.check((1...limit).contains(number), "its \(name) is \(number), which is not 1 to \(limit)")
    }
    try node.check(
      options.overlapThreshold > 0 && options.overlapThreshold <= 1,
      "its nms_iou_threshold is \(options.overlapThreshold), which is not above 0 and at most 1")
    try node.check(
      options.scales.allSatisfy { $0.isFinite && $0 > 0 }, "its scales \(options.scales) are not positive")
  }

  /// An operand as floats.
  private mutating func reals(_ position: Int, of node: Node) throws(CompilationError) -> Operand {
    let source = try input(position, of: node)
    let value = self[source]
    switch value.type {
    case .float32: return source
    case .int8:
      let affine = try affine(of: source, node)
      let result = try makeValue(Value(name: value.name, type: .float32, shape: value.shape), node)
      let step = DequantizeInt8(
        source: source, result: result, count: value.elementCount, scales: [affine.scale],
        zeroPoints: [affine.zeroPoint], innerCount: 1)
      try emit(step, reading: [source], writing: [result])
      return result
    default: throw node.unsupported("operands of \(value.type) are not computed here")
    }
  }
}
