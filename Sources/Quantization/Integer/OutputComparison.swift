import TFLite

/// Compares what quantized forms of a model say with what the float model says.
struct OutputComparison<Chosen: Samples> {
  private let samples: Chosen
  /// Tensors that are compared: the outputs, or what SOFTMAX and LOGISTIC make them of, since these hide most errors.
  private let tensors: [Int]
  /// For each sample and tensor, what the float model says.
  private var expected: [[[Float]]] = []

  init(_ draft: ModelDraft, _ samples: Chosen) throws(QuantizationError) {
    self.samples = samples
    let producers = draft.main.producers
    var tensors: [Int] = []
    for output in draft.main.outputs where draft.main.tensors[output].type == .float32 {
      var tensor = output
      if let producer = producers[output], case let node = draft.main.operators[producer],
        node.builtin == .softmax || node.builtin == .logistic, let operand = node.inputs[0]
      {
        tensor = operand
      }
      if !tensors.contains(tensor) { tensors.append(tensor) }
    }
    self.tensors = tensors
    let run = try TappedRun(draft, taps: tensors)
    for sample in 0..<samples.count {
      try run.invoke(samples, sample)
      expected.append(tensors.map { run.withFloats(of: $0) { Array($0) } })
    }
  }

  /// Whether two samples have different greatest scores; true for models that give no list of scores.
  var hasDifferentAnswers: Bool {
    guard tensors.count == 1, let first = expected.first, first[0].count > 1 else { return true }
    let answers = expected.map { sample in sample[0].indices.max { sample[0][$0] < sample[0][$1] } }
    return Set(answers).count > 1
  }

  /// Of a float model with the same tensors, in dB; of several outputs the worst.
  func signalToNoise(of draft: ModelDraft) throws(QuantizationError) -> Double {
    let run = try TappedRun(draft, taps: tensors)
    var sums = [ErrorSums](repeating: ErrorSums(), count: tensors.count)
    for sample in 0..<samples.count {
      try run.invoke(samples, sample)
      for (place, tensor) in tensors.enumerated() {
        run.withFloats(of: tensor) { changed in
          expected[sample][place].withUnsafeBufferPointer { sums[place].add($0, changed) }
        }
      }
    }
    return sums.map(\.signalToNoise).min() ?? 0
  }

  /// Of a form in int8, in dB; of several outputs the worst.
  func signalToNoise(
    of variant: CalibratedModel, _ way: IntegerModel.Candidate, _ options: IntegerOptions
  ) throws(QuantizationError) -> Double {
    let (integer, scales) = variant.integerGraph(way, options, edges: .float)
    var draft = variant.model.draft
    draft.main = integer.graph
    // An output that stays float has no int8 form to compare.
    let compared = tensors.enumerated().compactMap { place, old in integer.integers[old].map { (place, old, $0) } }
    let run = try TappedRun(draft, taps: compared.map(\.2))
    var sums = [ErrorSums](repeating: ErrorSums(), count: compared.count)
    for sample in 0..<samples.count {
      try run.invoke(samples, sample)
      for (index, (place, old, new)) in compared.enumerated() {
        run.withInt8s(of: new) { integers in
          expected[sample][place].withUnsafeBufferPointer {
            sums[index].add($0, integers, scales.quantization(of: old))
          }
        }
      }
    }
    return sums.map(\.signalToNoise).min() ?? 0
  }
}
