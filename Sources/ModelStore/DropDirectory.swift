import CLinux
import EventLoop
import Glibc

/// The files of the drop directory: which there are, whether somebody writes to them, and their bytes.
struct DropDirectory {
  /// Why a file was not read.
  enum ReadFailure: Error, Equatable {
    /// It is not what it was when it was listed: it settles anew.
    case changed
    /// It cannot be taken as it is.
    case rejected(Rejection)
  }

  /// Whether a file is open for writing.
  enum Writer {
    case present, gone
    /// The file system or its owner does not let us know.
    case unknown
  }

  /// The newest are looked at, so that a directory full of models costs no memory without bound.
  static let mostFiles = 256
  /// A larger sidecar is refused by its reader; this bounds what is read of it.
  static let sidecarByteCountMax = 1 << 20

  let path: String

  /// The model files with their sidecars, the newest `mostFiles`, and how many there are in all.
  func list() throws(SystemCallError) -> (files: [Intake.Name: Fingerprint], count: Int) {
    var found: [(name: [UInt8], fingerprint: Fingerprint)] = []
    var count = 0
    try FileSystem.forEachName(in: path) { directory, name in
      guard FileName.isModel(name), let model = Self.status(name, in: directory) else { return }
      let sidecar = Self.status(FileName.sidecar(of: name), in: directory)
      count += 1
      found.append((name, Fingerprint(model: model.stamp, sidecar: sidecar?.stamp)))
      if found.count > 2 * Self.mostFiles { Self.keepNewest(&found) }
    }
    Self.keepNewest(&found)
    return (Dictionary(found.map { ($0.name, $0.fingerprint) }) { first, _ in first }, count)
  }

  /// Whether somebody has the file open for writing: then no read lease can be taken (fcntl(2)).
  func writer(of name: Intake.Name) -> Writer {
    guard let directory = openDirectory(), let status = Self.status(name, in: directory.rawValue),
      status.isRegularFile
    else { return .unknown }
    let number = Self.open(name, in: directory.rawValue)
    guard number >= 0 else { return errno == EWOULDBLOCK ? .present : .unknown }
    let file = Descriptor(owning: number)
    // A writer that comes while we hold the lease makes the kernel send a signal. The usual one, SIGIO, ends a
    // process that does not expect it; this one is ignored.
    let setSignal: CInt = 10, setLease: CInt = 1024
    guard fcntl(file.rawValue, setSignal, SIGURG) == 0 else { return .unknown }
    guard fcntl(file.rawValue, setLease, CInt(F_RDLCK)) == 0 else { return errno == EAGAIN ? .present : .unknown }
    _ = fcntl(file.rawValue, setLease, CInt(F_UNLCK))
    return .gone
  }

  /// The bytes of a model and its sidecar, read as one: both are after reading what they were when they were listed.
  func read(
    _ name: Intake.Name, _ fingerprint: Fingerprint, byteCountMax: Int
  ) throws(ReadFailure) -> (model: [UInt8], sidecar: [UInt8]?) {
    guard let directory = openDirectory() else { throw .changed }
    let model = try Self.read(name, in: directory.rawValue, fingerprint.model, byteCountMax: byteCountMax)
    let sidecarName = FileName.sidecar(of: name)
    var sidecar: [UInt8]?
    if let stamp = fingerprint.sidecar {
      sidecar = try Self.read(sidecarName, in: directory.rawValue, stamp, byteCountMax: Self.sidecarByteCountMax)
    }
    let after = (Self.status(name, in: directory.rawValue), Self.status(sidecarName, in: directory.rawValue))
    guard after.0?.stamp == fingerprint.model, after.1?.stamp == fingerprint.sidecar else { throw .changed }
    return (model, sidecar)
  }

  private func openDirectory() -> Descriptor? {
    let number = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    return number >= 0 ? Descriptor(owning: number) : nil
  }

  private static func keepNewest(_ found: inout [(name: [UInt8], fingerprint: Fingerprint)]) {
    guard found.count > mostFiles else { return }
    found.sort { $0.fingerprint.model.changed > $1.fingerprint.model.changed }
    found.removeSubrange(mostFiles...)
  }

  private static func status(_ name: [UInt8], in directory: CInt) -> stat? {
    var status = stat()
    return fstatat(directory, name.map(CChar.init(bitPattern:)) + [0], &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
  }

  /// Neither follows links nor waits for the writer of a pipe.
  private static func open(_ name: [UInt8], in directory: CInt) -> CInt {
    openat(directory, name.map(CChar.init(bitPattern:)) + [0], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
  }

  private static func read(
    _ name: [UInt8], in directory: CInt, _ stamp: FileStamp, byteCountMax: Int
  ) throws(ReadFailure) -> [UInt8] {
    let shown = FileName.display(name)
    guard let before = status(name, in: directory), before.stamp == stamp else { throw .changed }
    // Opening a device can have effects of its own, so what is no file is not opened at all.
    guard before.isRegularFile else { throw .rejected(Rejection(.io, "\(shown) is \(kind(of: before)).")) }
    guard stamp.byteCount <= byteCountMax else {
      let detail = "\(shown) has \(stamp.byteCount) bytes, more than the limit of \(byteCountMax)."
      throw .rejected(Rejection(.tooBig, detail))
    }
    let number = open(name, in: directory)
    guard number >= 0 else { throw .rejected(unreadable(shown, errno)) }
    let file = Descriptor(owning: number)
    do {
      let bytes = try FileSystem.read(file.rawValue, byteCount: Int(stamp.byteCount), shown)
      guard bytes.count == Int(stamp.byteCount) else { throw ReadFailure.changed }
      return bytes
    } catch let error as SystemCallError {
      throw .rejected(Rejection(.io, "\(error). Copy the file again."))
    } catch {
      throw .changed
    }
  }

  private static func unreadable(_ name: String, _ code: CInt) -> Rejection {
    let error = SystemCallError("open", on: name, code: code)
    let advice = code == EACCES ? "Let the user of the daemon read it: chmod a+r." : "Copy the file again."
    return Rejection(.io, "\(error). \(advice)")
  }

  private static func kind(of status: stat) -> String {
    switch status.st_mode & S_IFMT {
    case S_IFLNK: "a symbolic link; copy the file itself, so that nothing changes behind it"
    case S_IFDIR: "a directory; copy the model file itself"
    case S_IFIFO: "a pipe; copy a regular file"
    default: "no regular file; copy the model file itself"
    }
  }
}
