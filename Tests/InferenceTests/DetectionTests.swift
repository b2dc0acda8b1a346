import Inference
import ReferenceOperators
import TFLite
import Testing

/// TFLite_Detection_PostProcess: the compiled engine against the plain one, on boxes that overlap and scores that tie.
@Suite struct DetectionTests {
  private func options(isRegular: Bool, classes: Int, seed: UInt64) -> DetectionOptions {
    DetectionOptions(
      maximumCount: 5 + Int(seed), classesPerDetection: classes, countPerClass: seed % 2 == 0 ? 2 : 100,
      isRegular: isRegular, scoreThreshold: seed % 3 == 0 ? 1e-8 : 0.4, overlapThreshold: 0.6, classCount: 3,
      scales: [10, 10, 5, 5])
  }

  /// A graph of the operator on `count` anchors. uint8 scores have few values, so that many are equal.
  private func graph(
    _ type: ElementType, count: Int, _ options: DetectionOptions, scoreCount: Int = 4, seed: UInt64
  ) -> (model: Model, inputs: [[UInt8]]) {
    var random = RandomModel(type, seed: seed)
    func affine(_ scale: Float, _ zero: Int64) -> Quantization? {
      type == .float32 ? nil : Quantization(scales: [scale], zeroPoints: [zero], axis: 0)
    }
    let boxes = random.input([1, count, 4], affine(0.03, 128))
    let scores = random.input([1, count, scoreCount], affine(0.004, 0))
    let anchors = random.constant([count, 4], affine(0.01, 0))
    let results = (0..<4).map { _ in random.append(.custom, [], quantization: nil, type: .float32) }
    let model = random.model(outputs: results)
    let operation = Operator(
      code: .custom(DetectionOptions.operatorName), version: 1, inputs: [boxes, scores, anchors], outputs: results,
      options: .detection(options))
    let main = Subgraph(
      name: "", tensors: model.main.tensors, operators: [operation], inputs: [boxes, scores], outputs: results)
    var inputs = random.inputBytes()
    if type == .uint8 { inputs[1] = inputs[1].map { $0 & 0xF0 } }
    return (Model(bytes: model.bytes, description: "", main: main, subgraphCount: 1, metadata: [:]), inputs)
  }

  @Test(arguments: [ElementType.uint8, .float32], 1..<7 as Range<UInt64>)
  func boxesOfSeveralClasses(type: ElementType, seed: UInt64) throws {
    for (isRegular, classes) in [(false, 1), (false, 2), (false, 5), (true, 1)] {
      for scoreCount in [3, 4] {
        let options = options(isRegular: isRegular, classes: classes, seed: seed)
        let (model, inputs) = graph(type, count: 60, options, scoreCount: scoreCount, seed: seed)
        let expected = try ReferenceInterpreter(model: model).run(inputs: inputs)
        for threads in [1, 2] {
          let found = try run(model, inputs: inputs, threads: threads)
          #expect(found == expected, "\(type), \(options)")
        }
        // Random floats make anchors of negative size, with which nothing is detected.
        if type == .uint8 { #expect((floats(expected[3]).first ?? 0) > 0) }
      }
    }
  }

  @Test func settingsThatCannotBe() {
    func refusal(_ change: (inout DetectionOptions) -> Void) -> String {
      var options = options(isRegular: true, classes: 1, seed: 1)
      change(&options)
      do {
        _ = try Program(compiling: graph(.float32, count: 3, options, seed: 1).model)
        return ""
      } catch { return "\(error)" }
    }
    #expect(refusal { _ in } == "")
    #expect(refusal { $0.maximumCount = 0 }.contains("max_detections is 0"))
    #expect(refusal { $0.classesPerDetection = -1 }.contains("max_classes_per_detection is -1"))
    #expect(refusal { $0.countPerClass = .max }.contains("detections_per_class"))
    #expect(refusal { $0.overlapThreshold = .nan }.contains("nms_iou_threshold"))
    #expect(refusal { $0.scales = [1, 1, 0, 1] }.contains("scales"))
    #expect(refusal { $0.classCount = 2 }.contains("4 scores do not fit 2 classes"))
    #expect(refusal { ($0.maximumCount, $0.classesPerDetection) = (65536, 65536) }.contains("limit"))
  }
}
