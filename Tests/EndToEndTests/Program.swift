import EventLoop
import Glibc

/// A program of the build that a test started, with its standard error in a file.
final class Program {
  private(set) var process: pid_t = 0
  let logPath: String

  /// Starts the program from the folder of programs, with exactly these environment variables besides PATH.
  init(_ name: String, _ arguments: [String] = [], environment: [String: String], log: String) throws {
    logPath = log
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log + ".out", O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    let path = Self.folder + "/" + name
    var environment = environment
    environment["PATH"] = "/usr/bin:/bin"
    let failure = withCStrings([path] + arguments) { argumentPointers in
      withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environmentPointers in
        posix_spawn(&process, path, &actions, nil, argumentPointers, environmentPointers)
      }
    }
    guard failure == 0 else { throw SystemCallError("posix_spawn", on: path, code: failure) }
  }

  deinit {
    if process > 0 {
      kill(process, SIGKILL)
      _ = waitForExit()
    }
  }

  /// Where maskd and maskctl lie: MASKD_PROGRAMS, or beside the test program.
  static var folder: String {
    if let folder = getenv("MASKD_PROGRAMS") { return String(cString: folder) }
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let path = String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
  }

  /// What the program wrote on standard error so far.
  var log: String { (try? readText(logPath)) ?? "" }

  /// What the program wrote on standard output so far.
  var output: String { (try? readText(logPath + ".out")) ?? "" }

  func send(signal: CInt) {
    kill(process, signal)
  }

  /// Waits for the end: the exit status, or 128 + the signal's number.
  func waitForExit() -> CInt {
    var status: CInt = 0
    guard process > 0, retryingOnInterrupt({ waitpid(process, &status, 0) }) == process else { return -1 }
    process = 0
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }

  /// Kilobytes of a line of /proc/PID/status, for example "VmRSS".
  func memory(_ field: String) -> Int? {
    guard let text = try? readText("/proc/\(process)/status") else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix(field + ":") {
      return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
    }
    return nil
  }
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
  pointers.append(nil)
  defer { for pointer in pointers { free(pointer) } }
  return pointers.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { preconditionFailure("the array holds at least the null") }
    return body(base)
  }
}
