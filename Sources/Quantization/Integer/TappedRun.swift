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

  init(_ draft: ModelDraft, taps: [Int]) throws(QuantizationError) {
    self.taps = taps
    var tapped = draft
    tapped.main.outputs = taps
    tapped.signatures = []
    tapped.metadata = []
    tapped.archive = nil
    places = Dictionary(uniqueKeysWithValues: zip(taps, taps.indices))
    session = Session(try tapped.compiled(threadCount: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
    guard session.program.inputs.count == 1 else {
      throw .unsupported("The model has \(session.program.inputs.count) inputs; one, the picture, can be calibrated.")
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
}
