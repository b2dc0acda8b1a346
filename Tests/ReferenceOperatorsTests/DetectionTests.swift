import TFLite
import Testing

/// Boxes on a line, worked out by hand: anchors of size 1 at y 0, x 0, 0.1, 1 and 5.
@Suite struct DetectionTests {
  private let anchors = Operand.float([4, 4], [0, 0, 1, 1, 0, 0.1, 1, 1, 0, 1, 1, 1, 0, 5, 1, 1])
  private let codes = Operand.float([1, 4, 4], [Float](repeating: 0, count: 16))

  private func options(isRegular: Bool, classes: Int = 1, perClass: Int = 100) -> DetectionOptions {
    DetectionOptions(
      maximumCount: 3, classesPerDetection: classes, countPerClass: perClass, isRegular: isRegular,
      scoreThreshold: 0.2, overlapThreshold: 0.5, classCount: 2, scales: [10, 10, 5, 5])
  }

  private func detections(_ options: DetectionOptions, _ scores: [Float]) throws -> [[Float]] {
    let operands: [Operand?] = [codes, .float([1, 4, 3], scores), anchors]
    let graph = OneOperator(
      .custom(DetectionOptions.operatorName), .detection(options), operands, [.float, .float, .float, .float])
    return try graph.run().map(floats)
  }

  /// Scores: background, first class, second class. The second box lies over the first (0.9 of 1.1), the fourth has no
  /// score that counts.
  private let scores: [Float] = [0.9, 0.5, 0.6, 0, 0.7, 0.1, 0, 0.3, 0.3, 1, 0.1, 0.1]

  @Test func eachBoxGoesByItsBestClass() throws {
    let found = try detections(options(isRegular: false), scores)
    #expect(found[3] == [2])
    #expect(found[0] == [-0.5, -0.4, 0.5, 0.6, -0.5, 0.5, 0.5, 1.5, 0, 0, 0, 0])
    #expect(found[1] == [0, 0, 0])
    #expect(found[2] == [0.7, 0.3, 0])
  }

  @Test func severalClassesOfABox() throws {
    let found = try detections(options(isRegular: false, classes: 2), scores)
    #expect(found[3] == [2])
    #expect(found[1] == [0, 1, 0, 1, 0, 0])
    #expect(found[2] == [0.7, 0.1, 0.3, 0.3, 0, 0])
  }

  @Test func classesByThemselves() throws {
    let found = try detections(options(isRegular: true), scores)
    #expect(found[3] == [3])
    // The first class has boxes 2 and 3, the second 1 and 3; of equal scores the first class comes first.
    #expect(found[1] == [0, 1, 0])
    #expect(found[2] == [0.7, 0.6, 0.3])
    #expect(try detections(options(isRegular: true, perClass: 1), scores)[2] == [0.7, 0.6, 0])
  }

  /// A code of 10 moves by the anchor's size, ln 2 * 5 doubles it.
  @Test func codesMoveAndScale() throws {
    var moved = codes
    moved = .float([1, 4, 4], [10, 0, 0, 3.465_736] + [Float](repeating: 0, count: 12))
    let graph = OneOperator(
      .custom(DetectionOptions.operatorName), .detection(options(isRegular: false)),
      [moved, .float([1, 4, 3], [0, 1, 0] + [Float](repeating: 0, count: 9)), anchors],
      [.float, .float, .float, .float])
    let box = floats(try graph.run()[0])
    #expect(zip(box, [0.5, -1, 1.5, 1]).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func boxesOfNegativeSizeGiveNothing() throws {
    let operands: [Operand?] = [
      .float([1, 1, 4], [0, 0, 0, 0]), .float([1, 1, 3], [0, 1, 0]), .float([1, 4], [0, 0, -1, 1]),
    ]
    let graph = OneOperator(
      .custom(DetectionOptions.operatorName), .detection(options(isRegular: false)), operands,
      [.float, .float, .float, .float])
    #expect(floats(try graph.run()[3]) == [0])
  }
}
