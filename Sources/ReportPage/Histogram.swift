/// Counts in bands of equal width; bars of two sets stand side by side, half as wide.
public struct Histogram: Plot {
  /// What stands above it.
  public let title: String
  private let xName: String
  private let range: ClosedRange<Double>
  private let sets: [(name: String, counts: [Int])]
  private let marks: (name: String, values: [Double])?

  /// Counts `values` in `bandCount` bands of `range`; what lies outside goes into the first or the last.
  public init(
    title: String, xName: String, range: ClosedRange<Double>, bandCount: Int = 40,
    sets: [(name: String, values: [Double])]
  ) {
    self.title = title
    self.xName = xName
    self.range = range
    let width = (range.upperBound - range.lowerBound) / Double(bandCount)
    self.sets = sets.prefix(2).map { set in
      var counts = [Int](repeating: 0, count: bandCount)
      for value in set.values where value.isFinite && width > 0 {
        counts[min(bandCount - 1, max(0, Int((value - range.lowerBound) / width)))] += 1
      }
      return (set.name, counts)
    }
    marks = nil
  }

  /// The same for counts that were made elsewhere, from the lower end of `range` to the upper; as many in each set.
  /// `marks` are values that a line shows, and what they are.
  public init(
    title: String, xName: String, range: ClosedRange<Double>, counted sets: [(name: String, counts: [Int])],
    marks: (name: String, values: [Double])? = nil
  ) {
    self.title = title
    self.xName = xName
    self.range = range
    self.sets = Array(sets.prefix(2))
    self.marks = marks
  }

  /// An SVG element.
  public var drawing: String {
    let most = sets.flatMap(\.counts).max() ?? 0
    let ends = [range.lowerBound, range.upperBound] + (marks?.values ?? [])
    let frame = PlotFrame(x: (ends.min() ?? 0)...(ends.max() ?? 1), y: 0...Double(max(most, 4)))
    var content = ""
    for (index, set) in sets.enumerated() {
      let band = (range.upperBound - range.lowerBound) / Double(max(1, set.counts.count))
      for (place, count) in set.counts.enumerated() where count > 0 {
        let start = frame.across(range.lowerBound + band * Double(place))
        let whole = frame.across(range.lowerBound + band * Double(place + 1)) - start
        let width = whole / Double(sets.count)
        let top = frame.down(Double(count))
        let left = start + width * Double(index)
        content += "<rect class=\"\(index == 0 ? "fill-one" : "fill-two")\" x=\"\(Markup.number(left))\" "
        content += "y=\"\(Markup.number(top))\" width=\"\(Markup.number(max(0.8, width - 0.6)))\" "
        content += "height=\"\(Markup.number(max(1, frame.down(0) - top)))\"/>"
      }
    }
    for mark in marks?.values ?? [] { content += frame.line(downAt: mark) }
    var legend = zip(sets, ["fill-one", "fill-two"]).map { (name: $0.name, swatch: $1) }
    if let marks { legend.append((marks.name, "fill-three")) }
    return frame.drawing(xName: xName, yName: "count", isWholeY: true, legend: legend, content: content)
  }
}
