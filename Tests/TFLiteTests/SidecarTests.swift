import Testing

@testable import TFLite

struct SidecarTests {
  @Test func readsEveryKey() throws {
    let sidecar = try Sidecar(
      parsing: Array(
        """
        {
          "labels": ["mask", "no_mask"],
          "input": {"range": [-1, 1], "channel_order": "bgr", "filter": "nearest", "fit": "crop"},
          "scores": "log_probabilities", "thresholds": {"enter": 0.8, "leave": 0.5},
          "golden": [{"input": {"splitmix64": 18446744073709551615}, "output": [12, -13.5], "tolerance": 0.01}],
          "author": "us", "description": "a \\"test\\" {[", "license": "Apache-2.0"
        }
        """.utf8))
    #expect(sidecar.labels == ["mask", "no_mask"])
    #expect(
      sidecar.input
        == .init(normalization: .range(low: -1, high: 1), channelOrder: .bgr, filter: .nearest, fit: .crop))
    #expect(sidecar.scores == .logProbabilities)
    #expect(sidecar.thresholds == .init(enter: 0.8, leave: 0.5))
    #expect(sidecar.goldens == [.init(seed: .max, output: [12, -13.5], tolerance: 0.01)])
    #expect(sidecar.author == "us" && sidecar.license == "Apache-2.0" && sidecar.description == "a \"test\" {[")
  }

  @Test func everythingMayBeLeftOut() throws {
    let sidecar = try Sidecar(parsing: Array("{}".utf8))
    #expect(sidecar.labels == nil && sidecar.input == nil && sidecar.thresholds == nil && sidecar.goldens.isEmpty)
    let input = try Sidecar(parsing: Array(#"{"input": {"mean": [1, 2, 3], "standard_deviation": [4, 5, 6]}}"#.utf8))
    #expect(
      input.input?.normalization == .standardized(mean: [1, 2, 3], standardDeviation: [4, 5, 6]))
  }

  static let bad: [(text: String, says: String)] = [
    ("", "not valid JSON"), ("{", "not valid JSON"), ("[]", "object"), ("7", "object"), ("\u{FF}\u{FE}", "JSON"),
    (#"{"lables": []}"#, "\"lables\""), (#"{"input": {"size": 7}}"#, "\"size\" in \"input\""),
    (#"{"thresholds": {"enter": 1, "leave": 0, "x": 1}}"#, "\"x\" in \"thresholds\""),
    (#"{"golden": [{"input": {"zeros": 1}, "output": [1]}]}"#, "\"zeros\" in \"golden.input\""),
    (#"{"labels": []}"#, "\"labels\""), (#"{"labels": "mask"}"#, "list of texts"), (#"{"labels": [1]}"#, "\"labels\""),
    (#"{"labels": ["a", "a"]}"#, "different"), (#"{"labels": ["indeterminate"]}"#, "indeterminate"),
    (#"{"labels": ["a\nb"]}"#, "control"), (#"{"labels": [""]}"#, "1 to 256 bytes"),
    (#"{"input": {"range": [1]}}"#, "input.range"), (#"{"input": {"range": [1, 1]}}"#, "input.range"),
    (#"{"input": {"range": [0, 1], "mean": [0]}}"#, "without \"mean\""),
    (#"{"input": {"mean": [0]}}"#, "input.standard_deviation"),
    (#"{"input": {"mean": [0, 1], "standard_deviation": [1, 1]}}"#, "1 or 3"),
    (#"{"input": {"mean": [0], "standard_deviation": [0]}}"#, "above 0"),
    (#"{"input": {"fit": "stretched"}}"#, "\"stretch\", \"crop\""), (#"{"scores": "percent"}"#, "\"logits\""),
    (#"{"input": {"filter": 3}}"#, "input.filter"),
    (#"{"thresholds": {"enter": 0.4, "leave": 0.3}}"#, "0.5 to 1"), (#"{"thresholds": {"enter": 0.6}}"#, "leave"),
    (#"{"thresholds": {"enter": 0.6, "leave": 0.7}}"#, "thresholds.leave"),
    (#"{"golden": [{"output": [1]}]}"#, "golden.input"), (#"{"golden": [{"input": {"splitmix64": -1}}]}"#, "2^64"),
    (#"{"golden": [{"input": {"splitmix64": 1}, "output": []}]}"#, "golden.output"), (#"{"author": 1}"#, "author"),
    (#"{"a":"# + String(repeating: "[", count: 100_000), "nested"),
    (#"{"author":"\#(String(repeating: "x", count: 1 << 20))"}"#, "limit"),
  ]

  @Test(arguments: bad.indices) func aBadSidecarSaysWhatIsWrong(_ index: Int) {
    let (text, says) = Self.bad[index]
    do {
      _ = try Sidecar(parsing: Array(text.utf8))
      Issue.record("accepted: \(text.prefix(100))")
    } catch {
      #expect(error.description.contains(says), "\(text.prefix(100))")
    }
  }
}
