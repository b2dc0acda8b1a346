import TFLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that keeps a program's packed weights, so that the next program of the same model need not pack them.
///
/// It holds for one model, one family of kernels and one build of the engine. The model is known by its hash; so that
/// opening need not read all of the model, the hash stands for as long as the model's file is the same (device, inode,
/// size and the times at which it and its inode changed). The build is known by the running program's own file: packing is
/// code, and no number that someone has to remember to raise would be safe. A file of another model, family or build, and
/// one that is damaged, is ignored and replaced; where none can be written, there is none.
public struct PackedWeightsCache {
  /// How the weights come into memory.
  public enum Access: Sendable {
    /// As a mapping of the file, which is the quickest. Whoever cuts the file short, or a medium that fails, then ends
    /// the process: for tools.
    case mapped
    /// As a copy in memory of our own: for daemons.
    case copied
  }

  private let path: String
  private let access: Access
  private let model: ModelBytes
  /// The model's file; nil where its bytes come from nowhere.
  private let identity: FileIdentity?
  private let hash: (ModelBytes) -> [UInt8]

  /// Below this many bytes packing takes less time than opening a file.
  var byteCountMin = 64 << 10

  /// Makes the cache of a model.
  /// - Parameters:
  ///   - path: the beginning of the cache's path; the family and ".packed" are added.
  ///   - model: the model's bytes, those that the program is made of.
  ///   - access: how the weights come into memory.
  ///   - hash: computes SHA-256, 32 bytes. It is called only where the model's file is not the one that the cache was made
  ///     for, and to write a cache.
  public init(path: String, model: ModelBytes, access: Access, hash: @escaping (ModelBytes) -> [UInt8]) {
    self.path = path
    self.access = access
    self.model = model
    self.hash = hash
    identity = model.descriptor.flatMap { FileIdentity($0) }
  }

  private func path(of family: String) -> String { "\(path).\(family).packed" }

  /// What was kept for a family; nil where that is nothing that can be used.
  func load(family: String) -> StoredConstants? {
    let descriptor = open(path(of: family), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let file = CacheFile(reading: descriptor, byteCount: Int(status.st_size)),
      file.family == family, file.engine == FileIdentity.program
    else { return nil }
    let isSameFile = identity != nil && file.model == identity
    guard isSameFile || (file.model.byteCount == model.count && hash(model) == file.hash) else { return nil }
    return file.constants(from: descriptor, access)
  }

  /// Keeps constants for a family, where that can be done and is worth it.
  func store(_ constants: [AlignedMemory], family: String) {
    guard constants.reduce(0, { $0 + $1.byteCount }) >= byteCountMin else { return }
    let path = path(of: family)
    let temporary = "\(path).\(getpid()).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // The hash takes longer than all the rest: only where there is a place to write to.
    let hash = hash(model)
    // What was packed and what was hashed must be the same: a file that changed meanwhile is left alone.
    guard model.isWhole, model.descriptor.flatMap({ FileIdentity($0) }) == identity,
      let engine = FileIdentity.program,
      CacheFile.write(
        constants, to: descriptor, model: identity ?? FileIdentity(byteCount: model.count), hash: hash, engine: engine,
        family: family),
      rename(temporary, path) == 0
    else {
      unlink(temporary)
      return
    }
  }
}

/// What tells one state of one file from every other.
struct FileIdentity: Equatable {
  /// Device, inode, size, and when the bytes and the inode changed, in seconds and nanoseconds.
  let words: [UInt64]

  static let wordCount = 7

  var byteCount: UInt64 { words[2] }

  /// Stands for no file, where only the size is known.
  init(byteCount: Int) {
    words = (0..<Self.wordCount).map { $0 == 2 ? UInt64(byteCount) : 0 }
  }

  init(words: [UInt64]) { self.words = words }

  /// Of an open file.
  init?(_ descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    words = [
      UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino),
      UInt64(truncatingIfNeeded: status.st_size), UInt64(truncatingIfNeeded: status.st_mtim.tv_sec),
      UInt64(truncatingIfNeeded: status.st_mtim.tv_nsec), UInt64(truncatingIfNeeded: status.st_ctim.tv_sec),
      UInt64(truncatingIfNeeded: status.st_ctim.tv_nsec),
    ]
  }

  /// The running program's own file; nil where it is not known.
  static let program: FileIdentity? = {
    var status = stat()
    return stat("/proc/self/exe", &status) == 0 ? FileIdentity(status) : nil
  }()
}
