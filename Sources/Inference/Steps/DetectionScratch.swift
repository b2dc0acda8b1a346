/// The lists that finding detections takes, in scratch memory.
struct DetectionScratch {
  /// The corners of each anchor's box.
  let boxes: UnsafeMutablePointer<Box>
  /// The score of each anchor at the moment.
  let scores: UnsafeMutablePointer<Float>
  /// Anchors that may be selected, and those that were.
  let candidates: UnsafeMutablePointer<Int32>
  let selected: UnsafeMutablePointer<Int32>
  /// Detections of all classes so far, and where they are merged with those of another one.
  let kept: UnsafeMutablePointer<Kept>
  let merged: UnsafeMutablePointer<Kept>

  /// A box, a score, and an entry in two lists for each anchor; two detections for each that is kept.
  static func byteCount(anchors: Int, kept: Int) -> Int { anchors * (16 + 4 + 4 + 4) + 2 * kept * 12 }

  init(_ memory: UnsafeMutableRawPointer, anchors: Int, kept keptCount: Int) {
    boxes = memory.assumingMemoryBound(to: Box.self)
    scores = (memory + anchors * 16).assumingMemoryBound(to: Float.self)
    candidates = (memory + anchors * 20).assumingMemoryBound(to: Int32.self)
    selected = (memory + anchors * 24).assumingMemoryBound(to: Int32.self)
    kept = (memory + anchors * 28).assumingMemoryBound(to: Kept.self)
    merged = (memory + anchors * 28 + keptCount * 12).assumingMemoryBound(to: Kept.self)
  }

  /// Sorts the first candidates by falling score, equal ones by anchor: a heap, because sorting an array allocates.
  func sortCandidates(_ count: Int) {
    for start in stride(from: count / 2 - 1, through: 0, by: -1) { sift(start, count) }
    for end in stride(from: count - 1, to: 0, by: -1) {
      (candidates[0], candidates[end]) = (candidates[end], candidates[0])
      sift(0, end)
    }
  }

  /// Moves a candidate down to where none below it comes after it.
  private func sift(_ start: Int, _ count: Int) {
    var parent = start
    while 2 * parent + 1 < count {
      var child = 2 * parent + 1
      if child + 1 < count, comesBefore(candidates[child], candidates[child + 1]) { child += 1 }
      guard comesBefore(candidates[parent], candidates[child]) else { return }
      (candidates[parent], candidates[child]) = (candidates[child], candidates[parent])
      parent = child
    }
  }

  private func comesBefore(_ first: Int32, _ second: Int32) -> Bool {
    let (a, b) = (scores[Int(first)], scores[Int(second)])
    return a > b || (a == b && first < second)
  }
}
