import CLinux
import EventLoop
import Glibc

/// Runs the program maskctl-import and takes what it writes.
struct Importer {
  let arguments: [String]

  private static let name = "maskctl-import"

  /// The bytes of the model made of a file.
  func model(of file: String) throws(Failure) -> [UInt8] {
    // A file that begins with a dash must not look like an option.
    let words = [Self.name] + arguments + ["--", file]
    var pipe: [Int32] = [0, 0]
    guard pipe2(&pipe, O_CLOEXEC) == 0 else {
      throw Failure(.unavailable, SystemCallError("pipe2", on: Self.name).description)
    }
    let reader = Descriptor(owning: pipe[0])
    let writer = Descriptor(owning: pipe[1])
    let process = try start(words, output: writer)
    let bytes = try read(reader)
    var status: Int32 = 0
    _ = retryingOnInterrupt { Int(waitpid(process, &status, 0)) }
    guard status == 0 else {
      // It said why on standard error, which is ours as well.
      let code = status & 0x7F == 0 ? status >> 8 & 0xFF : Failure.Kind.internalError.rawValue
      throw Failure(Failure.Kind(rawValue: code) ?? .internalError, "\(file) was not imported")
    }
    return bytes
  }

  /// Starts the program that lies beside this one, else the one in PATH. Ends this process's hold on `output`.
  private func start(_ words: [String], output: consuming Descriptor) throws(Failure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, output.rawValue, STDOUT_FILENO)
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process = pid_t()
    var failure = posix_spawn(&process, Self.neighbour, &actions, nil, &arguments, environ)
    if failure == ENOENT { failure = posix_spawnp(&process, Self.name, &actions, nil, &arguments, environ) }
    guard failure == 0 else {
      throw Failure(
        .unavailable,
        "the program \(Self.name) cannot be started (\(String(cString: strerror(failure)))): it comes with maskctl "
          + "where that was built with libhdf5, and belongs beside it")
    }
    return process
  }

  /// The program of that name in the folder of this one.
  private static var neighbour: String {
    var path = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &path, path.count - 1)
    guard count > 0 else { return name }
    let own = String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return own.lastIndex(of: "/").map { String(own[...$0]) + name } ?? name
  }

  private func read(_ descriptor: borrowing Descriptor) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = piece.withUnsafeMutableBytes { buffer in
        retryingOnInterrupt { Glibc.read(descriptor.rawValue, buffer.baseAddress, buffer.count) }
      }
      guard count >= 0 else { throw Failure(.inputOutput, SystemCallError("read", on: Self.name).description) }
      if count == 0 { return bytes }
      bytes += piece[..<count]
    }
  }
}
