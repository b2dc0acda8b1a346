import ArgumentParser
import Inference
import TFLite

/// Reads and compiles a model file for a verb, or complains and ends with the exit code that fits.
func compiledModel(path: String, threads: Int = 1) throws -> Program {
  let bytes = try FileAccess.read(path)
  var options = CompilerOptions()
  options.threadCount = threads
  do {
    return try Program(compiling: Model(parsing: bytes), options: options)
  } catch let error as ModelError {
    complain("\(path): \(error)")
    throw ExitCode.badModel
  } catch let error as CompilationError {
    complain("\(path): \(error)")
    if case .unknownKernelFamily = error { throw ExitCode.validationFailure }
    throw ExitCode.badModel
  }
}

/// The threads that a verb may be asked to use.
func checkThreads(_ threads: Int) throws {
  guard (1...64).contains(threads) else { throw ValidationError("--threads must be 1 to 64") }
}
