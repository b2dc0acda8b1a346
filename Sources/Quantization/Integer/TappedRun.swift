import Glibc
import Inference
import TFLite

/// A model that gives out tensors from its middle: each is made an output of its graph.
final class TappedRun {
  /// The tensors of the draft that can be read after a run.
  let taps: [Int]

  private let session: Session
  /// The output that shows each tensor.
  private let places: [Int: Int]

  convenience init(_ draft: ModelDraft, taps: [Int]) throws(QuantizationError) {
    var plain = draft
    plain.signatures = []
    plain.metadata = []
    plain.archive = nil
    try self.init(try plain.parsed(), taps: taps)
  }

  init(_ model: Model, taps: [Int]) throws(QuantizationError) {
    self.taps = taps
    let graph = Subgraph(
      name: model.main.name, tensors: model.main.tensors, operators: model.main.operators, inputs: model.main.inputs,
      outputs: taps)
    let tapped = Model(
      bytes: model.bytes, description: "", main: graph, subgraphCount: model.subgraphCount, metadata: [:])
    places = Dictionary(zip(taps, taps.indices)) { first, _ in first }
    session = Session(try tapped.compiled(threadCount: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
    guard session.program.inputs.count == 1 else {
      throw .unsupported("The model has \(session.program.inputs.count) inputs; one, the picture, can be filled.")
    }
  }

  func invoke(_ samples: some Samples, _ sample: Int) throws(QuantizationError) {
    let filled = session.withInput(0) { input in
      Result { () throws(QuantizationError) in try samples.fill(input, with: sample) }
    }
    try filled.get()
    session.invoke()
  }

  func withFloats<R>(of tensor: Int, _ body: (UnsafeBufferPointer<Float>) -> R) -> R {
    session.withOutput(places[tensor] ?? 0) { body($0.bindMemory(to: Float.self)) }
  }

  func withInt8s<R>(of tensor: Int, _ body: (UnsafeBufferPointer<Int8>) -> R) -> R {
    session.withOutput(places[tensor] ?? 0) { body($0.bindMemory(to: Int8.self)) }
  }

  /// The real numbers that a tensor stands for: integers with one scale are dequantized. Nothing for other types.
  func reals(of tensor: Int) -> [Float] {
    let place = places[tensor] ?? 0
    let output = session.program.outputs[place]
    func dequantized<Level: BinaryInteger & BitwiseCopyable>(_ type: Level.Type) -> [Float] {
      guard let quantization = output.quantization, !quantization.isPerAxis else { return [] }
      let (scale, zeroPoint) = (quantization.scales[0], Float(quantization.zeroPoints[0]))
      return session.withOutput(place) { $0.bindMemory(to: Level.self).map { (Float($0) - zeroPoint) * scale } }
    }
    switch output.type {
    case .float32: return withFloats(of: tensor) { Array($0) }
    case .int8: return dequantized(Int8.self)
    case .uint8: return dequantized(UInt8.self)
    case .int16: return dequantized(Int16.self)
    default: return []
    }
  }
}
