import TFLite

extension OperatorCall {
  /// TFLite_Detection_PostProcess: the best boxes that do not overlap, of each class by itself (regular) or of all.
  ///
  /// Rows of the results that no detection takes are zero.
  func detectionPostProcess() throws(ReferenceError) -> [TensorValue] {
    guard case .detection(let options) = options else { throw malformed("it has no options") }
    let (boxes, scores, anchors) = (try input(0), try input(1), try input(2))
    guard boxes.shape.count == 3, scores.shape.count == 3, boxes.shape[0] == 1, anchors.shape == [boxes.shape[1], 4],
      scores.shape[0] == 1, scores.shape[1] == boxes.shape[1], boxes.shape[2] >= 4,
      (0...1).contains(scores.shape[2] - options.classCount), options.classCount > 0
    else { throw malformed("boxes \(boxes.shape), scores \(scores.shape) and anchors \(anchors.shape)") }
    let classScores = rows(of: try dequantized(scores), scores.shape[2]).map {
      Array($0.dropFirst(scores.shape[2] - options.classCount))
    }
    let corners = zip(rows(of: try dequantized(boxes), boxes.shape[2]), rows(of: try dequantized(anchors), 4)).map {
      Corners(code: Array($0), anchor: Array($1), scales: options.scales.map { Double($0) })
    }
    var detections: [(box: Corners, label: Int, score: Float, row: Int)] = []
    var count = 0
    if corners.allSatisfy({ !($0.top > $0.bottom || $0.left > $0.right) }) {
      (detections, count) =
        options.isRegular
        ? detectionsByClass(classScores, corners, options) : detectionsByBestClass(classScores, corners, options)
    }
    let size = options.maximumCount * options.classesPerDetection
    var values = [[Float]](repeating: [0, 0, 0, 0, 0, 0], count: size)
    for one in detections {
      values[one.row] = [one.box.top, one.box.left, one.box.bottom, one.box.right, Float(one.label), one.score]
    }
    return [
      try result(0, type: .float32, shape: [1, size, 4], elements: .reals(values.flatMap { $0[..<4] })),
      try result(1, type: .float32, shape: [1, size], elements: .reals(values.map { $0[4] })),
      try result(2, type: .float32, shape: [1, size], elements: .reals(values.map { $0[5] })),
      try result(3, type: .float32, shape: [1], elements: .reals([Float(count)])),
    ]
  }

  private func dequantized(_ value: TensorValue) throws(ReferenceError) -> [Float] {
    if value.type == .float32 { return value.reals }
    guard value.isQuantized8 else { throw unsupported("an operand of type \(value.type)") }
    let affine = try affine(value)
    return value.integers.map { Float($0 - affine.zeroPoint) * affine.scale }
  }

  private func detectionsByBestClass(
    _ scores: [[Float]], _ corners: [Corners], _ options: DetectionOptions
  ) -> ([(box: Corners, label: Int, score: Float, row: Int)], count: Int) {
    let selected = Self.selected(scores.map { $0.max() ?? 0 }, corners, options, limit: options.maximumCount)
    var detections: [(box: Corners, label: Int, score: Float, row: Int)] = []
    for (position, index) in selected.enumerated() {
      let labels = scores[index].indices.sorted { (scores[index][$1], $0) < (scores[index][$0], $1) }
      for (rank, label) in labels.prefix(options.classesPerDetection).enumerated() {
        detections.append((corners[index], label, scores[index][label], position * options.classesPerDetection + rank))
      }
    }
    return (detections, selected.count)
  }

  private func detectionsByClass(
    _ scores: [[Float]], _ corners: [Corners], _ options: DetectionOptions
  ) -> ([(box: Corners, label: Int, score: Float, row: Int)], count: Int) {
    let limit = min(options.countPerClass, options.maximumCount)
    var all: [(index: Int, label: Int, score: Float, order: Int)] = []
    for label in 0..<options.classCount {
      for index in Self.selected(scores.map { $0[label] }, corners, options, limit: limit) {
        all.append((index, label, scores[index][label], all.count))
      }
    }
    let best = all.sorted { ($1.score, $0.order) < ($0.score, $1.order) }.prefix(options.maximumCount)
    return (best.enumerated().map { (corners[$1.index], $1.label, $1.score, $0) }, best.count)
  }

  /// The boxes with the best scores, of which none lies too much over a better one.
  private static func selected(
    _ scores: [Float], _ corners: [Corners], _ options: DetectionOptions, limit: Int
  ) -> [Int] {
    var left = scores.indices.filter { scores[$0] >= options.scoreThreshold }
    left.sort { (scores[$1], $0) < (scores[$0], $1) }
    var selected: [Int] = []
    while let best = left.first, selected.count < limit {
      selected.append(best)
      left.removeAll { $0 == best || corners[best].overlap(with: corners[$0]) > options.overlapThreshold }
    }
    return selected
  }
}

/// A box by its corners.
private struct Corners {
  let top: Float
  let left: Float
  let bottom: Float
  let right: Float

  /// The code is relative to the anchor: center y, x, height, width.
  init(code: [Float], anchor: [Float], scales: [Double]) {
    let (code, anchor) = (code.map { Double($0) }, anchor.map { Double($0) })
    let y = Float(code[0] / scales[0] * anchor[2] + anchor[0])
    let x = Float(code[1] / scales[1] * anchor[3] + anchor[1])
    let halfHeight = Float(0.5 * exponential(code[2] / scales[2]) * anchor[2])
    let halfWidth = Float(0.5 * exponential(code[3] / scales[3]) * anchor[3])
    (top, left, bottom, right) = (y - halfHeight, x - halfWidth, y + halfHeight, x + halfWidth)
  }

  /// Intersection over union; 0 for boxes without area.
  func overlap(with other: Corners) -> Float {
    let areas = [(bottom - top) * (right - left), (other.bottom - other.top) * (other.right - other.left)]
    guard areas[0] > 0, areas[1] > 0 else { return 0 }
    let shared =
      max(min(bottom, other.bottom) - max(top, other.top), 0) * max(min(right, other.right) - max(left, other.left), 0)
    return shared / (areas[0] + areas[1] - shared)
  }
}
