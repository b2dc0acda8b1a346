import Quantization
import ReportPage

extension QuantizeReport {
  /// A layer below this signal to noise ratio, in dB, is in another colour.
  private static let poorSignalToNoise = 20.0

  /// The same as a web page, with plots. `path` is the float model that was read.
  func page(of path: String, _ float: FloatModel) -> ReportPage {
    var page = ReportPage(title: "\(Self.name(output)): \(mode.rawValue)", subtitle: "made of \(path)")
    if let failure { page.addWarning(failure.sentence) }
    addSummary(to: &page)
    if let measured { addAccuracy(measured, to: &page) }
    if let integers { addWays(integers, to: &page) }
    addErrors(to: &page)
    addLayers(float, to: &page)
    return page
  }

  private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

  /// A line of the text as a sentence.
  static func sentence(_ line: String) -> String { line.prefix(1).uppercased() + line.dropFirst() + "." }

  private func addSummary(to page: inout ReportPage) {
    page.addTable(
      [("", false), ("Before", true), ("After", true), ("", true)],
      [
        ["Bytes", "\(byteCountBefore)", "\(byteCountAfter)", "1 : \(Decimal.text(ratio, digits: 2))"],
        [
          "Bytes after gzip", "\(compression.byteCountBefore)", "\(compression.byteCountAfter)",
          "1 : \(Decimal.text(compression.ratio, digits: 2))",
        ],
      ]
        + (measured.map { result in
          let drop = result.best.drop
          return [
            ["Accuracy", percent(drop.before.value), percent(drop.after.value), "\(points(-drop.points)) points"]
          ]
        } ?? []))
    if let integers, let calibration {
      page.addParagraph("Calibrated with \(integers.sampleCount) of \(calibration.foundCount) pictures.")
    }
    // The sizes are in the table.
    for line in compression.lines.dropFirst() { page.addParagraph(Self.sentence(line)) }
    guard !keptFloat.isEmpty else { return }
    page.addParagraph("Layers that stay float:")
    page.addTable(
      [("Layer", true), ("Operator", false), ("Bytes of weights", true), ("Result", false)],
      keptFloat.map { ["\($0.index)", $0.operatorName, "\($0.byteCount)", ResultName.short($0.tensorName)] })
  }

  private func addWays(_ model: IntegerModel, to page: inout ReportPage) {
    page.addHeading("Ways that were tried")
    page.addParagraph("The first was taken: its output differs least from that of the float model.")
    page.addTable(
      [("Ranges", false), ("Equalised weights", false), ("Corrected biases", false), ("SQNR of the output, dB", true)],
      model.candidates.map {
        [
          $0.ranges.rawValue, $0.isEqualized ? "yes" : "no", $0.isBiasCorrected ? "yes" : "no",
          Decimal.text($0.signalToNoise, digits: 1),
        ]
      })
    for (name, count) in model.floatOperators.sorted(by: { $0.key < $1.key }) {
      page.addParagraph("\(count) \(name) stay float: there is no int8 form of them here.")
    }
  }

  // MARK: Errors

  private func addErrors(to page: inout ReportPage) {
    let layers = form.layers
    guard !layers.isEmpty else { return }
    let inOrder = layers.sorted { $0.index < $1.index }
    let hasSteps = layers.contains { $0.errorInSteps != nil }
    page.addHeading("Error by layer")
    page.addParagraph(
      "Each layer by itself, on operands that are right. SQNR is the energy of the result over that of its error"
        + (hasSteps ? "; error/step is the root mean squared error over the step between two int8 values." : "."))
    var plots: [any Plot] = [
      BarPlot(
        title: "SQNR of each layer", xName: "layers in the order of the network", yName: "dB",
        bars: inOrder.map {
          .init(
            "\(Self.title($0)): \(Decimal.text($0.signalToNoise, digits: 1)) dB", $0.signalToNoise,
            isMarked: $0.signalToNoise < Self.poorSignalToNoise)
        })
    ]
    if hasSteps {
      plots.append(
        BarPlot(
          title: "Error of each layer in steps", xName: "layers in the order of the network", yName: "error/step",
          bars: inOrder.map {
            let error = $0.errorInSteps ?? 0
            return .init(
              "\(Self.title($0)): \(Decimal.text(error, digits: 3)) steps", error,
              isMarked: $0.signalToNoise < Self.poorSignalToNoise)
          }, line: ("rounding alone: \(Self.idealError)", Self.idealError)))
    }
    page.addPlots(plots)
    page.addParagraph("The worst:")
    addTable(of: Array(layers.prefix(Self.shownLayers)), to: &page)
    page.addDetails("All \(layers.count) layers in the order of the network") { addTable(of: inOrder, to: &$0) }
  }

  private static func title(_ layer: LayerError) -> String {
    "\(layer.index) \(layer.operatorName) \(ResultName.short(layer.tensorName))"
  }

  private func addTable(of layers: [LayerError], to page: inout ReportPage) {
    page.addTable(
      [
        ("Layer", true), ("Operator", false), ("SQNR dB", true), ("Error/step", true), ("", false), ("Result", false),
      ],
      layers.map {
        [
          "\($0.index)", $0.operatorName, Decimal.text($0.signalToNoise, digits: 1),
          $0.errorInSteps.map { Decimal.text($0, digits: 3) } ?? "", Self.verdict($0), ResultName.short($0.tensorName),
        ]
      })
  }
}
