/// Lines through points, with marks on them where they are few.
public struct LinePlot: Plot {
  /// One line.
  public struct Series {
    /// Its name in the legend; empty for none.
    public let name: String
    /// From left to right.
    public let points: [(x: Double, y: Double)]

    /// A line through `points`.
    public init(_ name: String, _ points: [(x: Double, y: Double)]) {
      self.name = name
      self.points = points
    }
  }

  /// What stands above it.
  public let title: String
  private let xName: String
  private let yName: String
  private let frame: PlotFrame
  private let series: [Series]
  private let hasDiagonal: Bool

  /// Draws at most three lines. `hasDiagonal` adds the line from corner to corner, for comparison.
  public init(
    title: String, xName: String, yName: String, x: ClosedRange<Double> = 0...1, y: ClosedRange<Double> = 0...1,
    series: [Series], hasDiagonal: Bool = false
  ) {
    self.title = title
    self.xName = xName
    self.yName = yName
    frame = PlotFrame(x: x, y: y)
    self.series = Array(series.prefix(3))
    self.hasDiagonal = hasDiagonal
  }

  private static let classes = ["one", "two", "three"]
  private static let fewPoints = 20

  /// An SVG element.
  public var drawing: String {
    var content = ""
    if hasDiagonal {
      content += "<line class=\"grid\" stroke-width=\"1.5\" stroke-dasharray=\"4 4\" "
      content += "x1=\"\(Markup.number(frame.across(frame.x.lowerBound)))\" "
      content += "y1=\"\(Markup.number(frame.down(frame.y.lowerBound)))\" "
      content += "x2=\"\(Markup.number(frame.across(frame.x.upperBound)))\" "
      content += "y2=\"\(Markup.number(frame.down(frame.y.upperBound)))\"/>\n"
    }
    for (index, line) in series.enumerated() {
      let places = line.points.filter { $0.x.isFinite && $0.y.isFinite }.map {
        "\(Markup.number(frame.across($0.x))),\(Markup.number(frame.down($0.y)))"
      }
      content += "<polyline class=\"\(Self.classes[index])\" fill=\"none\" stroke-width=\"2\" "
      content += "points=\"\(places.joined(separator: " "))\"/>\n"
      if line.points.count <= Self.fewPoints {
        for place in places {
          let pair = place.split(separator: ",")
          content += "<circle class=\"fill-\(Self.classes[index])\" cx=\"\(pair[0])\" cy=\"\(pair[1])\" r=\"2.5\"/>"
        }
      }
    }
    let legend = zip(series, Self.classes).map { (name: $0.name, swatch: "fill-\($1)") }
    return frame.drawing(xName: xName, yName: yName, legend: legend, content: content)
  }
}
