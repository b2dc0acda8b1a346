/// Something that a page draws.
public protocol Plot {
  /// What stands above it.
  var title: String { get }
  /// An SVG element.
  var drawing: String { get }
}

/// The frame that plots with two axes share: a square grid, axes named, values between two bounds each.
struct PlotFrame {
  let x: ClosedRange<Double>
  let y: ClosedRange<Double>
  let width: Double
  let height: Double

  private static let left = 44.0
  private static let bottom = 34.0
  private static let margin = 10.0

  init(x: ClosedRange<Double>, y: ClosedRange<Double>, width: Double = 320, height: Double = 260) {
    self.x = Self.widened(x)
    self.y = Self.widened(y)
    (self.width, self.height) = (width, height)
  }

  /// Bounds that are apart.
  private static func widened(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
    range.upperBound > range.lowerBound ? range : range.lowerBound...(range.lowerBound + 1)
  }

  /// Where a value lies across, in pixels.
  func across(_ value: Double) -> Double {
    let share = (value - x.lowerBound) / (x.upperBound - x.lowerBound)
    return Self.left + min(1, max(0, share)) * (width - Self.left - Self.margin)
  }

  /// Where a value lies down from the top, in pixels.
  func down(_ value: Double) -> Double {
    let share = (value - y.lowerBound) / (y.upperBound - y.lowerBound)
    return height - Self.bottom - min(1, max(0, share)) * (height - Self.bottom - Self.margin)
  }

  /// A broken line from left to right.
  func line(acrossAt value: Double) -> String {
    let height = Markup.number(down(value))
    return broken(
      x1: Markup.number(across(x.lowerBound)), y1: height, x2: Markup.number(across(x.upperBound)), y2: height)
  }

  /// A broken line from bottom to top.
  func line(downAt value: Double) -> String {
    let place = Markup.number(across(value))
    return broken(
      x1: place, y1: Markup.number(down(y.lowerBound)), x2: place, y2: Markup.number(down(y.upperBound)))
  }

  private func broken(x1: String, y1: String, x2: String, y2: String) -> String {
    "<line class=\"three\" stroke-width=\"1.5\" stroke-dasharray=\"4 3\" x1=\"\(x1)\" y1=\"\(y1)\" x2=\"\(x2)\" "
      + "y2=\"\(y2)\"/>"
  }

  private static let legendStep = 16.0

  /// The element with grid and names around `content`, and a line below it for each entry of `legend` that has a name.
  func drawing(
    xName: String, yName: String, isWholeY: Bool = false, legend: [(name: String, swatch: String)], content: String
  ) -> String {
    let legend = legend.filter { !$0.name.isEmpty }
    let whole = height + Self.legendStep * Double(legend.count) + (legend.isEmpty ? 0 : 6)
    var lines = "<svg viewBox=\"0 0 \(Markup.number(width)) \(Markup.number(whole))\" "
    lines += "width=\"\(Markup.number(width))\" height=\"\(Markup.number(whole))\" role=\"img\">\n"
    for (index, entry) in legend.enumerated() {
      let y = height + Self.legendStep * Double(index + 1)
      lines += "<rect class=\"\(entry.swatch)\" x=\"\(Markup.number(Self.left))\" y=\"\(Markup.number(y - 9))\" "
      lines += "width=\"10\" height=\"10\"/><text x=\"\(Markup.number(Self.left + 16))\" y=\"\(Markup.number(y))\">"
      lines += "\(Markup.escaped(entry.name))</text>\n"
    }
    for step in 0...4 {
      let share = Double(step) / 4
      let xValue = x.lowerBound + share * (x.upperBound - x.lowerBound)
      let yValue = y.lowerBound + share * (y.upperBound - y.lowerBound)
      let (h, v) = (Markup.number(across(xValue)), Markup.number(down(yValue)))
      let (top, floor) = (Markup.number(Self.margin), Markup.number(height - Self.bottom))
      lines += "<line class=\"grid\" x1=\"\(h)\" x2=\"\(h)\" y1=\"\(top)\" y2=\"\(floor)\"/>"
      lines += "<line class=\"grid\" x1=\"\(Markup.number(Self.left))\" x2=\"\(Markup.number(width - Self.margin))\" "
      lines += "y1=\"\(v)\" y2=\"\(v)\"/>"
      let xLabel = Self.label(xValue)
      // The last one would reach out of the plot.
      let center = min(across(xValue), width - Self.digitWidth / 2 * Double(xLabel.count))
      lines += "<text class=\"dim\" x=\"\(Markup.number(center))\" y=\"\(Markup.number(height - 20))\" "
      lines += "text-anchor=\"middle\">\(xLabel)</text>"
      lines += "<text class=\"dim\" x=\"\(Markup.number(Self.left - 5))\" y=\"\(v)\" dy=\"4\" text-anchor=\"end\">"
      lines += "\(isWholeY ? Self.wholeLabel(yValue) : Self.label(yValue))</text>\n"
    }
    lines += "<text x=\"\(Markup.number((width + Self.left) / 2))\" y=\"\(Markup.number(height - 4))\" "
    lines += "text-anchor=\"middle\">\(Markup.escaped(xName))</text>"
    lines += "<text transform=\"translate(11 \(Markup.number(height / 2))) rotate(-90)\" text-anchor=\"middle\">"
    lines += "\(Markup.escaped(yName))</text>\n"
    return lines + content + "\n</svg>"
  }

  private static let digitWidth = 6.6

  /// A count, thousands and millions shortened: there is room for four characters.
  private static func wholeLabel(_ value: Double) -> String {
    if value >= 9.95e5 { return label((value / 1e5).rounded() / 10) + "M" }
    return value >= 9950 ? "\(Int((value / 1000).rounded()))k" : String(Int(value.rounded()))
  }

  /// A short number: two decimals at most.
  private static func label(_ value: Double) -> String {
    guard abs(value) < 1e6 else { return "" }
    if value == value.rounded() { return String(Int(value)) }
    let hundredths = Int((value * 100).rounded())
    let rest = String(abs(hundredths) % 100)
    return "\(value < 0 ? "-" : "")\(abs(hundredths) / 100).\(rest.count == 1 ? "0" + rest : rest)"
  }
}
