import Benchmarking
import Inference

/// What `maskctl benchmark` says of a model.
struct BenchmarkReport {
  let measured: BenchmarkFigures
  let program: Program
  let machine: MachineState
  let profile: (peak: Double?, profile: OperatorProfile)
  let comparison: (path: String, figures: Comparison)?

  /// Why the figures are not to be trusted; nil where nothing was found.
  var warning: String? {
    let inTurns = comparison?.figures.disturbance.complaints ?? []
    let complaints = measured.runs.disturbance.complaints + inTurns.map { "in turns, \($0)" }
    guard !complaints.isEmpty else { return nil }
    return
      "the machine was too busy to trust these times: \(complaints.joined(separator: "; ")). Compare best runs only, or "
      + "measure again when nothing else runs."
  }
}

// MARK: For people

extension BenchmarkReport {
  func text(withSteps: Bool) -> String {
    let timing = measured.runs.timing
    func line(_ name: String, _ value: String) -> String { "\(name.padded(to: 12))\(value)\n" }
    func milliseconds(_ value: Double) -> String { "\(Decimal.text(value, digits: 3)) ms" }
    var text = line(
      "kernels", "\(program.kernelFamily), \(program.threadCount) thread\(program.threadCount == 1 ? "" : "s")")
    text += line("processor", machineText)
    text += line("load", milliseconds(measured.load) + (program.hasCachedWeights ? ", weights from their cache" : ""))
    text += line("first run", milliseconds(measured.first))
    text += line("best", milliseconds(timing.best))
    text += line("median", "\(milliseconds(timing.median)) of \(timing.count) runs")
    text += line("90th, 99th", "\(milliseconds(timing.percentile(90))), \(milliseconds(timing.percentile(99)))")
    text += line("busy", "\(milliseconds(measured.runs.processor)) of processors a run")
    text += line(
      "memory",
      "\(measured.peakKilobytes) KiB at most, \(measured.peakKilobytes - measured.bareKilobytes) KiB for the model: "
        + "weights \(program.packedByteCount / 1024) KiB, arena \(program.arenaByteCount / 1024) KiB")
    if let peak = profile.peak {
      text += line("peak", "\(Decimal.text(peak / 1e9, digits: 1)) int8 GMAC/s")
    }
    text += "\n" + (withSteps ? stepTable : "") + operatorTable
    if let comparison { text += "\n" + comparisonText(comparison.path, comparison.figures) }
    return text
  }

  private var machineText: String {
    var parts = ["\(machine.processor ?? "unknown"), \(machine.processorCount) of them"]
    if let governor = machine.governor { parts.append("governor \(governor)") }
    if let megahertz = machine.megahertz {
      parts.append("\(megahertz)\(machine.megahertzMax.map { " of \($0)" } ?? "") MHz")
    }
    parts += machine.temperatures.map { "\($0.sensor) \(Decimal.text($0.celsius, digits: 0)) °C" }
    return parts.joined(separator: ", ")
  }

  private var operatorTable: String {
    var table = TextTable([("OPERATOR", .left)] + Self.figureColumns)
    for row in profile.profile.operators { table.add([row.name] + Self.cells(of: row)) }
    return table.text
  }

  private var stepTable: String {
    var table = TextTable(
      [("NO", .right), ("OPERATOR", .left), ("STEP", .left), ("RESULT", .left)] + Self.figureColumns)
    for row in profile.profile.steps {
      let number = row.operatorIndex.map { String($0) } ?? ""
      let shape = row.shape.map { String($0) }.joined(separator: "x")
      table.add([number, row.name, row.kind, shape] + Self.cells(of: row))
    }
    return table.text + "\n"
  }

  private static let figureColumns: [(title: String, alignment: TextTable.Alignment)] = [
    ("MS", .right), ("SHARE", .right), ("MMAC", .right), ("GMAC/S", .right), ("OF PEAK", .right),
  ]

  private static func cells(of row: OperatorProfile.Row) -> [String] {
    [
      Decimal.text(row.time, digits: 4), Decimal.text(row.share * 100, digits: 1) + " %",
      row.multiplyCount > 0 ? Decimal.text(Double(row.multiplyCount) / 1e6, digits: 2) : "",
      row.rate.map { Decimal.text($0 / 1e9, digits: 1) } ?? "",
      row.peakShare.map { Decimal.text($0 * 100, digits: 1) + " %" } ?? "",
    ]
  }

  private func comparisonText(_ path: String, _ figures: Comparison) -> String {
    var table = TextTable([("IN TURNS", .left), ("BEST MS", .right), ("MEDIAN MS", .right)])
    func add(_ name: String, _ best: Double, _ median: Double) {
      table.add([name, Decimal.text(best, digits: 4), Decimal.text(median, digits: 4)])
    }
    add("this model", figures.first.best, figures.first.median)
    add(path, figures.second.best, figures.second.median)
    add("ratio", figures.bestRatio, figures.medianRatio)
    return table.text
  }
}

// MARK: For programs

extension BenchmarkReport {
  /// One object on one line; times in milliseconds, rates in multiply-accumulates a second.
  var json: String {
    let disturbance = measured.runs.disturbance
    var members = [
      measured.timesMembers, "\"p99_ms\":\(Decimal.text(measured.runs.timing.percentile(99), digits: 4))",
      "\"runs\":\(measured.runs.timing.count)", "\"kernels\":\(JSONText.string(program.kernelFamily))",
      "\"threads\":\(program.threadCount)", "\"cached\":\(program.hasCachedWeights)",
      "\"bare_rss_kb\":\(measured.bareKilobytes)",
      "\"packed_bytes\":\(program.packedByteCount)", "\"arena_bytes\":\(program.arenaByteCount)",
      "\"peak_mac_s\":\(profile.peak.map { JSONText.number($0.rounded()) } ?? "null")",
      "\"quiet\":\(warning == nil)", "\"spread\":\(JSONText.number(disturbance.spread))",
      "\"machine\":\(machineJSON)",
      "\"operators\":[\(profile.profile.operators.map { Self.json(of: $0) }.joined(separator: ","))]",
      "\"steps\":[\(profile.profile.steps.map { Self.json(of: $0) }.joined(separator: ","))]",
    ]
    if let warning { members.append("\"warning\":\(JSONText.string(warning))") }
    if let comparison {
      let figures = comparison.figures
      members.append(
        "\"compare\":{\"model\":\(JSONText.string(comparison.path)),\"min_ms\":\(JSONText.number(figures.second.best)),"
          + "\"median_ms\":\(JSONText.number(figures.second.median)),"
          + "\"min_ratio\":\(JSONText.number(figures.bestRatio)),"
          + "\"median_ratio\":\(JSONText.number(figures.medianRatio))}")
    }
    return "{\(members.joined(separator: ","))}"
  }

  private var machineJSON: String {
    let temperatures = machine.temperatures.map { "\(JSONText.string($0.sensor)):\(JSONText.number($0.celsius))" }
    return "{\"processor\":\(machine.processor.map { JSONText.string($0) } ?? "null"),"
      + "\"processors\":\(machine.processorCount),"
      + "\"governor\":\(machine.governor.map { JSONText.string($0) } ?? "null"),"
      + "\"mhz\":\(machine.megahertz.map { String($0) } ?? "null"),"
      + "\"celsius\":{\(temperatures.joined(separator: ","))}}"
  }

  private static func json(of row: OperatorProfile.Row) -> String {
    var members = [
      "\"name\":\(JSONText.string(row.name))", "\"ms\":\(JSONText.number(row.time))",
      "\"share\":\(JSONText.number(row.share))", "\"macs\":\(row.multiplyCount)",
      "\"mac_s\":\(row.rate.map { JSONText.number($0.rounded()) } ?? "null")",
      "\"of_peak\":\(row.peakShare.map { JSONText.number($0) } ?? "null")",
    ]
    if !row.kind.isEmpty {
      members.append("\"operator\":\(row.operatorIndex.map { String($0) } ?? "null")")
      members.append("\"step\":\(JSONText.string(row.kind))")
      members.append("\"shape\":[\(row.shape.map { String($0) }.joined(separator: ","))]")
    }
    return "{\(members.joined(separator: ","))}"
  }
}

extension String {
  /// The text with spaces behind it, `width` characters at least.
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
