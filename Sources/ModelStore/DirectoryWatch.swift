import CLinux
import EventLoop
import Glibc

/// Hints that something happened in a directory (inotify). They may be lost, and come for nothing: who gets one looks.
final class DirectoryWatch {
  /// What the event loop watches for reading.
  var descriptor: CInt { inotify.rawValue }

  /// Files that somebody wrote to and has not closed, as far as the hints say.
  private(set) var beingWritten: Set<Intake.Name> = []

  private let inotify: Descriptor
  private let path: String
  private var watched: (number: CInt, device: UInt, inode: UInt)?
  private var buffer = [UInt8](repeating: 0, count: 16 * 1024)

  init(_ path: String) throws(SystemCallError) {
    let number = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
    guard number >= 0 else { throw SystemCallError("inotify_init1") }
    inotify = Descriptor(owning: number)
    self.path = path
  }

  /// Watches the directory that has this path now: it may have been removed and made again.
  func renew() {
    var status = stat()
    let isThere = stat(path, &status) == 0
    if let watched, isThere, watched.device == UInt(status.st_dev), watched.inode == UInt(status.st_ino) { return }
    if let watched { inotify_rm_watch(inotify.rawValue, watched.number) }
    watched = nil
    beingWritten = []
    guard isThere else { return }
    let mask = [
      IN_CREATE, IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_DELETE, IN_DELETE_SELF,
      IN_MOVE_SELF, IN_ONLYDIR,
    ].reduce(UInt32(0)) { $0 | UInt32($1) }
    let number = inotify_add_watch(inotify.rawValue, path, mask)
    // Without a watch the slow timer still finds everything.
    if number >= 0 { watched = (number, UInt(status.st_dev), UInt(status.st_ino)) }
  }

  /// Takes the hints that have come.
  func drain() {
    while true {
      let capacity = buffer.count
      let count = retryingOnInterrupt { read(inotify.rawValue, &buffer, capacity) }
      guard count > 0 else { return }
      buffer.withUnsafeBytes { take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
  }

  /// A header of 16 bytes (watch, mask, cookie, length), then a name padded with zeros: inotify(7).
  private func take(_ bytes: UnsafeRawBufferPointer) {
    var position = 0
    while position + 16 <= bytes.count {
      let mask = bytes.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self)
      let length = Int(bytes.loadUnaligned(fromByteOffset: position + 12, as: UInt32.self))
      guard position + 16 + length <= bytes.count else { return }
      let name = Array(bytes[(position + 16)..<(position + 16 + length)].prefix { $0 != 0 })
      note(mask, name)
      position += 16 + length
    }
  }

  private func note(_ mask: UInt32, _ name: Intake.Name) {
    if mask & (UInt32(IN_Q_OVERFLOW) | UInt32(IN_IGNORED)) != 0 {
      beingWritten = []
    } else if mask & UInt32(IN_MODIFY) != 0 {
      // A flood of names is bounded as the listing is.
      if beingWritten.count < DropDirectory.mostFiles, FileName.isModel(name) { beingWritten.insert(name) }
    } else if mask & (UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO) | UInt32(IN_MOVED_FROM) | UInt32(IN_DELETE)) != 0 {
      beingWritten.remove(name)
    }
  }
}
