import Classification
import Configuration
import Glibc
import Inference
import ModelStore

extension ClassifierProbe {
  /// Loads models for the engine as it is configured.
  init(_ engine: Settings.Engine) {
    let options = CompilerOptions(engine)
    self.init { (model, sidecar) throws(ClassificationError) in
      try Classifier(model: model, sidecar: sidecar, options: options)
    }
  }

  /// The family of kernels that models will be computed with, for clients to see.
  static func kernelFamily(_ engine: Settings.Engine) -> String {
    let forced = getenv("MASKD_KERNELS").map { String(cString: $0) }
    let named = CompilerOptions(engine).kernelFamily ?? forced.flatMap { $0.isEmpty ? nil : $0 }
    return named ?? KernelFamily.available.first?.name ?? "generic"
  }
}

extension CompilerOptions {
  init(_ engine: Settings.Engine) {
    self.init()
    threadCount = engine.threads ?? Self.fittingThreadCount
    kernelFamily = engine.kernels == .auto ? nil : engine.kernels.rawValue
  }

  /// One core is left to capture and to the rest of the machine; beyond four, small models gain nothing.
  private static var fittingThreadCount: Int { min(max(sysconf(CInt(_SC_NPROCESSORS_ONLN)) - 1, 1), 4) }
}
