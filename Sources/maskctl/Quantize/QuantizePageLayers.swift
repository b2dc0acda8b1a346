import Quantization
import ReportPage

/// Weights and activations of each layer, for those who open it.
extension QuantizeReport {
  func addLayers(_ float: FloatModel, to page: inout ReportPage) {
    let kept = Set(keptFloat.map(\.index))
    let weights = float.weightHistograms(in: form.draft(keepingFloat: kept, compression.clustering))
    let activations = integers?.activationBands(keepingFloat: kept) ?? []
    guard !weights.isEmpty || !activations.isEmpty else {
      return page.addParagraph("No weights were changed.")
    }
    page.addHeading(activations.isEmpty ? "Weights" : "Weights and activations")
    page.addParagraph(
      "The weights of each layer before and after"
        + (activations.isEmpty
          ? "."
          : ", and the values of its result in calibration; broken lines are the ends of what int8 reaches."))
    for activation in activations where activation.index == nil {
      page.addDetails("Input \(ResultName.short(activation.resultName))") { $0.addPlots([Self.plot(activation)]) }
    }
    let errors = Dictionary(form.layers.map { ($0.index, $0) }) { first, _ in first }
    let seen = Dictionary(grouping: activations) { $0.index }
    let ofWeights = Dictionary(weights.map { ($0.index, $0) }) { first, _ in first }
    let layers = Set(ofWeights.keys).union(seen.keys.compactMap { $0 }).sorted()
    // One that is open shows what there is in the others.
    let opened = form.layers.first?.index ?? layers.first
    for index in layers {
      let (own, results) = (ofWeights[index], seen[index] ?? [])
      let name = own?.resultName ?? results.first?.resultName ?? ""
      var summary = "\(index) \(own?.operatorName ?? results.first?.operatorName ?? "") \(ResultName.short(name))"
      if let error = errors[index] { summary += ": \(Decimal.text(error.signalToNoise, digits: 1)) dB" }
      if kept.contains(index) { summary += ", stays float" }
      page.addDetails(summary, isOpen: index == opened) {
        $0.addPlots((own.map(Self.plots) ?? []) + results.map(Self.plot))
      }
    }
  }

  private static func plots(_ weights: WeightHistogram) -> [any Plot] {
    var plots: [any Plot] = [
      Histogram(
        title: "Weights", xName: "weight", range: ends(weights.before.range),
        counted: [("before", weights.before.counts), ("after", weights.after.counts)])
    ]
    if let levels = weights.levels {
      plots.append(
        Histogram(
          title: "Weights in int8", xName: "level", range: ends(levels.range), counted: [("", levels.counts)]))
    }
    return plots
  }

  private static func plot(_ activation: ActivationBands) -> any Plot {
    let zeros = Decimal.text(activation.zeroShare * 100, digits: 0)
    let chosen = activation.chosen
    return Histogram(
      title: activation.zeroShare < 0.005 ? "Values" : "Values other than 0 (\(zeros) % are 0)", xName: "value",
      range: ends(activation.values.range), counted: [("", activation.values.counts)],
      marks: (
        "int8 reaches from \(number(chosen.lowerBound)) to \(number(chosen.upperBound))",
        [Double(chosen.lowerBound), Double(chosen.upperBound)]
      ))
  }

  private static func ends(_ range: ClosedRange<Float>) -> ClosedRange<Double> {
    Double(range.lowerBound)...Double(range.upperBound)
  }

  private static func number(_ value: Float) -> String { Decimal.text(Double(value), digits: 3) }
}
