/// How often each class got each answer.
public struct ConfusionMatrix: Equatable, Sendable {
  /// `counts[class][answer]`.
  public private(set) var counts: [[Int]]

  /// Counts the answers of a model with so many labels.
  public init(labelCount: Int, _ pictures: [JudgedPicture]) {
    counts = Array(repeating: Array(repeating: 0, count: labelCount), count: labelCount)
    for picture in pictures { counts[picture.truth][picture.answer] += 1 }
  }

  private var labels: Range<Int> { counts.indices }

  /// Right answers among all pictures.
  public var accuracy: Proportion {
    Proportion(labels.reduce(0) { $0 + counts[$1][$1] }, of: counts.joined().reduce(0, +))
  }

  /// Of the pictures of a class those that were recognized.
  public func recall(_ label: Int) -> Proportion { Proportion(counts[label][label], of: counts[label].reduce(0, +)) }

  /// Of the pictures that were called `label` those that are.
  public func precision(_ label: Int) -> Proportion {
    Proportion(counts[label][label], of: labels.reduce(0) { $0 + counts[$1][label] })
  }

  /// The mean recall of the classes that have pictures: accuracy as if there were equally many of each.
  public var balancedAccuracy: Double {
    let recalls = labels.map { recall($0) }.filter { $0.total > 0 }.map(\.value)
    return recalls.reduce(0, +) / Double(recalls.count)
  }
}
