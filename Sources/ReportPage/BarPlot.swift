/// A bar for each of many things in a row; its name shows where the pointer rests on it.
public struct BarPlot: Plot {
  /// One thing.
  public struct Bar {
    /// What a reader sees of it.
    public let name: String
    /// How high it is.
    public let value: Double
    /// Whether it is in another colour.
    public let isMarked: Bool

    /// Makes a bar.
    public init(_ name: String, _ value: Double, isMarked: Bool = false) {
      self.name = name
      self.value = value
      self.isMarked = isMarked
    }
  }

  /// What stands above it.
  public let title: String
  private let xName: String
  private let yName: String
  private let bars: [Bar]
  private let line: (name: String, value: Double)?
  private let frame: PlotFrame

  /// - Parameters:
  ///   - xName: what the bars are; they are numbered from 0.
  ///   - line: a value to compare with, drawn across, and what it is.
  public init(title: String, xName: String, yName: String, bars: [Bar], line: (name: String, value: Double)? = nil) {
    self.title = title
    self.xName = xName
    self.yName = yName
    self.bars = bars
    self.line = line
    // Quarters of the axes are labelled: whole numbers are easier to read.
    let count = (max(bars.count, 4) + 3) / 4 * 4
    let values = (bars.map(\.value) + [line?.value ?? 0]).filter(\.isFinite)
    frame = PlotFrame(
      x: 0...Double(count), y: Self.scale(lowest: values.min() ?? 0, highest: values.max() ?? 1), width: 680,
      height: 220)
  }

  /// Ends of the axis beyond all values, with four equal steps between them that are short to write.
  static func scale(lowest: Double, highest: Double) -> ClosedRange<Double> {
    let (low, high) = (min(0, lowest), max(0, highest))
    for decade in [0.1, 1, 10, 100, 1000, 10_000] {
      for factor in [1, 1.5, 2, 2.5, 4, 5, 7.5] {
        let step = decade * factor
        let first = (low / step).rounded(.down)
        if (high / step).rounded(.up) - first <= 4 { return first * step...(first + 4) * step }
      }
    }
    return low...high
  }

  /// An SVG element.
  public var drawing: String {
    var content = ""
    let floor = frame.down(0)
    for (place, bar) in bars.enumerated() where bar.value.isFinite {
      let left = frame.across(Double(place))
      let width = max(1, frame.across(Double(place + 1)) - left - 1)
      let end = frame.down(bar.value)
      content += "<rect class=\"\(bar.isMarked ? "fill-two" : "fill-one")\" x=\"\(Markup.number(left))\" "
      content += "y=\"\(Markup.number(min(floor, end)))\" width=\"\(Markup.number(width))\" "
      content +=
        "height=\"\(Markup.number(max(1, abs(floor - end))))\"><title>\(Markup.escaped(bar.name))</title></rect>\n"
    }
    if let line { content += frame.line(acrossAt: line.value) }
    let legend = line.map { [(name: $0.name, swatch: "fill-three")] } ?? []
    return frame.drawing(xName: xName, yName: yName, legend: legend, content: content)
  }
}
