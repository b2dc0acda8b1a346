import CSystemd
import EventLoop
import Glibc

/// The journal's native socket, through libsystemd.
struct JournalSocketSink: JournalSink {
  /// libsystemd says nothing where the socket is missing: it has to be looked for.
  private static let socket = "/run/systemd/journal/socket"

  func write(_ record: JournalRecord) -> Bool {
    guard access(Self.socket, W_OK) == 0 else { return false }
    return Self.withVectors(record) { vectors in
      sd_journal_sendv(vectors.baseAddress, CInt(vectors.count)) >= 0
    }
  }

  /// Lays the fields out as `NAME=value`, one after another, with a vector for each.
  static func withVectors<Result>(
    _ record: JournalRecord, _ body: (UnsafeBufferPointer<iovec>) -> Result
  ) -> Result {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    func add(_ name: String, _ value: String) {
      bytes.append(contentsOf: name.utf8)
      bytes.append(UInt8(ascii: "="))
      bytes.append(contentsOf: value.utf8)
      ends.append(bytes.count)
    }
    add("MESSAGE", record.message)
    add("PRIORITY", "\(record.priority)")
    for (name, value) in record.fields { add(name, value) }
    return bytes.withUnsafeMutableBytes { storage in
      var start = 0
      let vectors = ends.map { end in
        defer { start = end }
        return iovec(iov_base: storage.baseAddress?.advanced(by: start), iov_len: end - start)
      }
      return vectors.withUnsafeBufferPointer(body)
    }
  }
}

/// Standard error: one line a record, in one write.
struct StandardErrorSink: JournalSink {
  /// Where lines are written.
  let descriptor: CInt
  /// Whether the journal reads it: then it adds the time itself, and takes the level from a prefix.
  let isJournal: Bool

  /// Whether the service manager connected standard error to the journal: it then names the stream's device and inode.
  static var isJournal: Bool {
    guard let stream = getenv("JOURNAL_STREAM") else { return false }
    return isStream(String(cString: stream), descriptor: 2)
  }

  /// Whether a descriptor is the stream that `JOURNAL_STREAM` names as `device:inode`.
  static func isStream(_ name: String, descriptor: CInt) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && name == "\(status.st_dev):\(status.st_ino)"
  }

  func write(_ record: JournalRecord) -> Bool {
    var writer = LineWriter()
    if isJournal {
      writer.literal("<")
      writer.digits(UInt64(record.priority), atLeast: 1)
      writer.literal(">")
    } else {
      Timestamp(RealtimeClock.now()).write(into: &writer)
      writer.literal(" ")
    }
    var line = writer.bytes
    if !isJournal { line.append(contentsOf: "\(record.level.rawValue): ".utf8) }
    // A line break, or what a terminal takes for a command, must not come from a file name or a label.
    line.append(contentsOf: record.message.utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 })
    line.append(UInt8(ascii: "\n"))
    let count = line.withUnsafeBytes { bytes in
      retryingOnInterrupt { Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
    }
    return count == line.count
  }
}
