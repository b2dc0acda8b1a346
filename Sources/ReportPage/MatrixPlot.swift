/// A matrix of counts, each row shaded by its shares: a confusion matrix.
public struct MatrixPlot: Plot {
  /// What stands above it.
  public let title: String
  private let labels: [String]
  private let counts: [[Int]]

  /// `counts[row][column]`, as many of each as there are labels.
  public init(title: String, labels: [String], counts: [[Int]]) {
    self.title = title
    self.labels = labels
    self.counts = counts
  }

  /// Beyond this many labels numbers would not be legible.
  private static let legibleCount = 16

  /// An SVG element.
  public var drawing: String {
    let cell = labels.count <= 4 ? 64.0 : max(8, 320 / Double(labels.count))
    let (left, top) = (96.0, 30.0)
    let (width, height) = (left + cell * Double(labels.count) + 12, top + cell * Double(labels.count) + 10)
    var lines = "<svg viewBox=\"0 0 \(Markup.number(width)) \(Markup.number(height))\" "
    lines += "width=\"\(Markup.number(width))\" height=\"\(Markup.number(height))\" role=\"img\">\n"
    let isLegible = labels.count <= Self.legibleCount
    for row in counts.indices {
      let total = max(1, counts[row].reduce(0, +))
      let y = top + cell * Double(row)
      if isLegible { lines += text(labels[row], x: left - 6, y: y + cell / 2 + 4, anchor: "end") }
      for column in counts[row].indices {
        let share = Double(counts[row][column]) / Double(total)
        let x = left + cell * Double(column)
        lines += "<rect class=\"\(row == column ? "fill-one" : "fill-two")\" fill-opacity=\"\(share * 0.75 + 0.04)\" "
        lines += "x=\"\(Markup.number(x))\" y=\"\(Markup.number(y))\" width=\"\(Markup.number(cell - 2))\" "
        lines += "height=\"\(Markup.number(cell - 2))\"/>"
        if isLegible {
          lines += text(String(counts[row][column]), x: x + cell / 2, y: y + cell / 2 + 4, anchor: "middle")
        }
      }
      lines += "\n"
    }
    if isLegible {
      for (column, label) in labels.enumerated() {
        lines += text(label, x: left + cell * (Double(column) + 0.5), y: top - 8, anchor: "middle")
      }
    }
    return lines + "</svg>"
  }

  private func text(_ text: String, x: Double, y: Double, anchor: String) -> String {
    let short = text.count > 14 ? text.prefix(13) + "…" : text[...]
    return "<text x=\"\(Markup.number(x))\" y=\"\(Markup.number(y))\" text-anchor=\"\(anchor)\">"
      + "\(Markup.escaped(String(short)))</text>"
  }
}
