import ArgumentParser
import CLinux
import Classification
import Inference
import TFLite

/// Reads and compiles a model file for a verb; where `keepsPacked`, with a cache of its packed weights beside it.
///
/// What reading it took of the heap goes back to the system before anything runs.
func compiledModel(path: String, threads: Int = 1, family: String? = nil, keepsPacked: Bool = false) throws(Failure)
  -> Program
{
  // A fixed threshold: once the first large copy of weights is freed, the heap would keep room for the next.
  mallopt(M_MMAP_THRESHOLD, 128 << 10)
  defer { malloc_trim(0) }
  return try compile(path, threads, family, keepsPacked)
}

private func compile(
  _ path: String, _ threads: Int, _ family: String?, _ keepsPacked: Bool
) throws(Failure) -> Program {
  var options = CompilerOptions()
  // Each verb writes the inputs before each run.
  options.keepsInputs = false
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
    let cache = PackedWeightsCache(path: path, model: bytes, access: .mapped) { ModelFile.sha256(of: $0) }
    return try Program(compiling: model, options: options, cache: keepsPacked ? cache : nil)
  } catch {
    if case .unknownKernelFamily = error { throw Failure(.usage, "\(error)") }
    throw Failure(.badModel, "\(path): \(error)")
  }
}

/// The threads that a verb may be asked to use.
func checkThreads(_ threads: Int) throws {
  guard (1...64).contains(threads) else { throw ValidationError("--threads must be 1 to 64") }
}
