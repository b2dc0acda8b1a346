import TFLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// TFLite_Detection_PostProcess: boxes against anchors and scores of classes become the best boxes that do not overlap.
///
/// As in TFLite's kernel; where that gives up because a box has a negative size, nothing is detected here.
struct Detection: Step {
  /// Encoded boxes [anchor][4 or more], scores [anchor][class], anchors [anchor][4]: y, x, height, width.
  let boxes: Operand
  let scores: Operand
  let anchors: Operand
  let results: (boxes: Operand, classes: Operand, scores: Operand, count: Operand)
  let anchorCount: Int
  let codeCount: Int
  /// Classes with the background, where there is one.
  let scoreCount: Int
  let options: DetectionOptions

  private var resultCount: Int { options.maximumCount * options.classesPerDetection }
  var scratchByteCount: Int { DetectionScratch.byteCount(anchors: anchorCount, kept: options.maximumCount) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let scratch = DetectionScratch(arena.scratch, anchors: anchorCount, kept: options.maximumCount)
    arena.float(results.boxes).update(repeating: 0, count: 4 * resultCount)
    arena.float(results.classes).update(repeating: 0, count: resultCount)
    arena.float(results.scores).update(repeating: 0, count: resultCount)
    arena.float(results.count)[0] = 0
    guard decode(into: scratch.boxes, in: arena) else { return }
    if options.isRegular { detectByClass(scratch, in: arena) } else { detectByBestClass(scratch, in: arena) }
  }

  /// Works the corners of all boxes out; false where one has a negative size.
  private func decode(into corners: UnsafeMutablePointer<Box>, in arena: Arena) -> Bool {
    let (scaleY, scaleX) = (Double(options.scales[0]), Double(options.scales[1]))
    let (scaleHeight, scaleWidth) = (Double(options.scales[2]), Double(options.scales[3]))
    var isValid = true
    for index in 0..<anchorCount {
      let code = arena.float(boxes) + index * codeCount
      let anchor = arena.float(anchors) + index * 4
      let y = Float(Double(code[0]) / scaleY * Double(anchor[2]) + Double(anchor[0]))
      let x = Float(Double(code[1]) / scaleX * Double(anchor[3]) + Double(anchor[1]))
      let halfHeight = Float(0.5 * exp(Double(code[2]) / scaleHeight) * Double(anchor[2]))
      let halfWidth = Float(0.5 * exp(Double(code[3]) / scaleWidth) * Double(anchor[3]))
      let box = Box(top: y - halfHeight, left: x - halfWidth, bottom: y + halfHeight, right: x + halfWidth)
      if box.top > box.bottom || box.left > box.right { isValid = false }
      corners[index] = box
    }
    return isValid
  }

  /// Fast: each box goes by its best class, and tells its best classes in the end.
  private func detectByBestClass(_ scratch: DetectionScratch, in arena: Arena) {
    let offset = scoreCount - options.classCount
    for index in 0..<anchorCount {
      let row = arena.float(scores) + index * scoreCount + offset
      var best = row[0]
      for label in 1..<max(1, options.classCount) where row[label] > best { best = row[label] }
      scratch.scores[index] = best
    }
    let count = suppress(scratch, limit: options.maximumCount)
    for position in 0..<count {
      let index = Int(scratch.selected[position])
      let row = arena.float(scores) + index * scoreCount + offset
      var (last, lastLabel) = (Float.infinity, -1)
      for rank in 0..<min(options.classesPerDetection, options.classCount) {
        guard let label = nextLabel(row, after: last, lastLabel) else { break }
        (last, lastLabel) = (row[label], label)
        write(
          scratch.boxes[index], label: label, score: last, at: position * options.classesPerDetection + rank, in: arena)
      }
    }
    arena.float(results.count)[0] = Float(count)
  }

  /// The class with the largest score after those that were told already; of equal ones the first.
  private func nextLabel(_ row: UnsafePointer<Float>, after last: Float, _ lastLabel: Int) -> Int? {
    var best: Int?
    for label in 0..<options.classCount {
      let isLeft = row[label] < last || (row[label] == last && label > lastLabel)
      if isLeft, best.map({ row[label] > row[$0] }) ?? true { best = label }
    }
    return best
  }

  /// Regular: boxes are suppressed within each class, and the best of all classes are kept.
  private func detectByClass(_ scratch: DetectionScratch, in arena: Arena) {
    let offset = scoreCount - options.classCount
    var (kept, merged, count) = (scratch.kept, scratch.merged, 0)
    for label in 0..<options.classCount {
      for index in 0..<anchorCount { scratch.scores[index] = arena.float(scores)[index * scoreCount + offset + label] }
      let found = suppress(scratch, limit: min(options.countPerClass, options.maximumCount))
      let total = min(count + found, options.maximumCount)
      var (old, new) = (0, 0)
      for position in 0..<total {
        // Of equal scores those of earlier classes come first.
        let takesOld =
          new == found || (old < count && !(scratch.scores[Int(scratch.selected[new])] > kept[old].score))
        if takesOld {
          merged[position] = kept[old]
          old += 1
        } else {
          let index = scratch.selected[new]
          merged[position] = Kept(anchor: index, label: Int32(label), score: scratch.scores[Int(index)])
          new += 1
        }
      }
      swap(&kept, &merged)
      count = total
    }
    for position in 0..<count {
      let one = kept[position]
      write(scratch.boxes[Int(one.anchor)], label: Int(one.label), score: one.score, at: position, in: arena)
    }
    arena.float(results.count)[0] = Float(count)
  }

  /// Selects the best boxes by `scratch.scores` that do not overlap with a better one; returns how many.
  private func suppress(_ scratch: DetectionScratch, limit: Int) -> Int {
    var candidates = 0
    for index in 0..<anchorCount where scratch.scores[index] >= options.scoreThreshold {
      scratch.candidates[candidates] = Int32(index)
      candidates += 1
    }
    scratch.sortCandidates(candidates)
    var count = 0
    for position in 0..<candidates {
      if count == limit { break }
      let index = scratch.candidates[position]
      let box = scratch.boxes[Int(index)]
      var isFree = true
      for earlier in 0..<count where isFree {
        isFree = !(scratch.boxes[Int(scratch.selected[earlier])].overlap(with: box) > options.overlapThreshold)
      }
      if isFree {
        scratch.selected[count] = index
        count += 1
      }
    }
    return count
  }

  private func write(_ box: Box, label: Int, score: Float, at position: Int, in arena: Arena) {
    (arena.float(results.boxes) + 4 * position).withMemoryRebound(to: Box.self, capacity: 1) { $0.pointee = box }
    arena.float(results.classes)[position] = Float(label)
    arena.float(results.scores)[position] = score
  }
}

/// A rectangle by its corners.
struct Box {
  var top: Float
  var left: Float
  var bottom: Float
  var right: Float

  /// The area that both cover over the area that either covers.
  func overlap(with other: Box) -> Float {
    let area = (bottom - top) * (right - left)
    let otherArea = (other.bottom - other.top) * (other.right - other.left)
    if area <= 0 || otherArea <= 0 { return 0 }
    let height = max(min(bottom, other.bottom) - max(top, other.top), 0)
    let width = max(min(right, other.right) - max(left, other.left), 0)
    let shared = height * width
    return shared / (area + otherArea - shared)
  }
}

/// A detection of one class.
struct Kept {
  var anchor: Int32
  var label: Int32
  var score: Float
}
