/// What became of a model, for people and for programs.
struct QuantizeReport {
  let output: String
  let mode: Quantize.Mode
  let byteCountBefore: Int
  let byteCountAfter: Int
  let seconds: Double

  private var ratio: Double { Double(byteCountBefore) / Double(byteCountAfter) }

  var text: String {
    """
    \(output): \(mode.rawValue), \(Self.megabytes(byteCountBefore)) MB -> \(Self.megabytes(byteCountAfter)) MB, \
    \(Decimal.text(ratio, digits: 2)) times smaller, in \(Decimal.text(seconds, digits: 1)) s

    """
  }

  var json: String {
    """
    {"output":\(JSONText.string(output)),"mode":"\(mode.rawValue)","bytes_before":\(byteCountBefore),\
    "bytes_after":\(byteCountAfter),"ratio":\(JSONText.number(ratio)),"seconds":\(JSONText.number(seconds))}
    """
  }

  private static func megabytes(_ byteCount: Int) -> String { Decimal.text(Double(byteCount) / 1e6, digits: 2) }
}
