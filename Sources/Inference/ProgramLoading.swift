import TFLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Why a model file gives no program.
public enum ProgramLoadingError: Error, CustomStringConvertible {
  /// A system call failed on the file; `code` is errno.
  case unreadable(path: String, code: Int32)
  /// The file is no regular file.
  case notAFile(path: String)
  /// The file is no model that can be read.
  case model(ModelError)
  /// The model is none that runs here.
  case compilation(CompilationError)

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .unreadable(let path, let code): "\(path): \(String(cString: strerror(code)))"
    case .notAFile(let path): "\(path) is not a regular file"
    case .model(let error): error.description
    case .compilation(let error): error.description
    }
  }
}

extension Program {
  /// Reads a .tflite file and makes the program that runs it.
  ///
  /// Weights are read when they are packed, and the file is never mapped: whoever changes it meanwhile ends no process.
  public convenience init(path: String, options: CompilerOptions = .init()) throws(ProgramLoadingError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadable(path: path, code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    guard let bytes = ModelBytes(readingFrom: descriptor, count: Int(status.st_size)) else {
      throw .unreadable(path: path, code: errno)
    }
    let model: Model
    do throws(ModelError) {
      model = try Model(parsing: bytes)
    } catch {
      throw .model(error)
    }
    do throws(CompilationError) {
      try self.init(compiling: model, options: options)
    } catch {
      throw .compilation(error)
    }
  }
}
