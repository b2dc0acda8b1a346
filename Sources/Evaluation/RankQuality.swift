/// How well scores put one class before the others, whatever the threshold.
public enum RankQuality {
  /// A point of the curve of right against wrong alarms (ROC).
  public struct Point: Equatable, Sendable {
    /// Of the other classes' pictures the share that scores at least `threshold`.
    public let falseAlarms: Double
    /// Of the class's own pictures the share that scores at least `threshold`.
    public let found: Double
    /// The score.
    public let threshold: Double
  }

  /// The area under the curve for one label against all others: the chance that a picture of the class scores higher
  /// than one of another, ties counted half. No number where either kind is missing.
  public static func area(label: Int, _ pictures: [JudgedPicture]) -> Double {
    let points = curve(label: label, pictures)
    guard let last = points.last, last.found.isFinite, last.falseAlarms.isFinite else { return .nan }
    return zip(points, points.dropFirst()).reduce(0) { area, pair in
      area + (pair.1.falseAlarms - pair.0.falseAlarms) * (pair.1.found + pair.0.found) / 2
    }
  }

  /// The curve from (0, 0) to (1, 1), a point for each different score, the highest first.
  public static func curve(label: Int, _ pictures: [JudgedPicture]) -> [Point] {
    let ranked = pictures.map { (score: Double($0.scores[label]), isOfClass: $0.truth == label) }
      .sorted { $0.score > $1.score }
    let ownCount = Double(ranked.count { $0.isOfClass })
    let otherCount = Double(ranked.count) - ownCount
    var points = [Point(falseAlarms: 0, found: 0, threshold: .infinity)]
    var (found, alarms) = (0.0, 0.0)
    for (index, item) in ranked.enumerated() {
      if item.isOfClass { found += 1 } else { alarms += 1 }
      guard index + 1 == ranked.count || ranked[index + 1].score != item.score else { continue }
      points.append(Point(falseAlarms: alarms / otherCount, found: found / ownCount, threshold: item.score))
    }
    return points
  }
}
