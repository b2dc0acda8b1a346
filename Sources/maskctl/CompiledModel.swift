import ArgumentParser
import Inference
import TFLite

/// Reads and compiles a model file for a verb.
func compiledModel(path: String, threads: Int = 1, family: String? = nil) throws(Failure) -> Program {
  var options = CompilerOptions()
  options.threadCount = threads
  options.kernelFamily = family
  let bytes = try FileAccess.modelBytes(path)
  let model: Model
  do throws(ModelError) {
    model = try Model(parsing: bytes)
  } catch {
    throw Failure(.badModel, "\(path): \(error)")
  }
  do throws(CompilationError) {
    return try Program(compiling: model, options: options)
  } catch {
    if case .unknownKernelFamily = error { throw Failure(.usage, "\(error)") }
    throw Failure(.badModel, "\(path): \(error)")
  }
}

/// The threads that a verb may be asked to use.
func checkThreads(_ threads: Int) throws {
  guard (1...64).contains(threads) else { throw ValidationError("--threads must be 1 to 64") }
}
