/// The bytes of a model file: an array, or a file that is read as its bytes are asked for.
///
/// A file is copied from, never mapped: whoever cuts it short while it is read ends no process. What can no longer be
/// read is zero, and `isWhole` says so afterwards; whoever computes with the bytes checks them anyway, for a file may hold
/// anything. Nothing of it is kept: the weights of a model need not be held twice.
public final class ModelBytes: Sendable {
  /// How many bytes there are.
  public let count: Int

  private enum Source: Sendable {
    case array([UInt8])
    case file(FileBytes)
  }
  private let source: Source

  /// Takes the bytes of a file that was read.
  public init(_ bytes: [UInt8]) {
    source = .array(bytes)
    count = bytes.count
  }

  /// Reads from an open regular file of so many bytes, which must not be negative. The descriptor is duplicated; nil
  /// where the system has no descriptor left.
  public init?(readingFrom descriptor: Int32, count: Int) {
    guard let file = FileBytes(duplicating: descriptor) else { return nil }
    source = .file(file)
    self.count = count
  }

  /// The open file that is read; nil for an array. Valid as long as this object.
  public var descriptor: Int32? {
    if case .file(let file) = source { return file.descriptor }
    return nil
  }

  /// Whether everything that was asked for could be read.
  public var isWhole: Bool {
    switch source {
    case .array: true
    case .file(let file): file.isWhole
    }
  }

  /// Fills `target` with the bytes from `offset` on; all of them must lie within the file.
  public func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) {
    precondition(offset >= 0 && offset <= count && target.count <= count - offset, "a range outside of the file")
    switch source {
    case .array(let bytes):
      bytes.withUnsafeBytes {
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + target.count]))
      }
    case .file(let file): file.read(at: offset, into: target)
    }
  }

  /// Calls `body` with the bytes of a range, which must lie within the file: a copy, where they are those of a file.
  public func withUnsafeBytes<Result>(
    in range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    guard case .array(let bytes) = source else { return self[range].withUnsafeBytes(body) }
    return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  /// All bytes.
  public var array: [UInt8] {
    if case .array(let bytes) = source { return bytes }
    return self[0..<count]
  }

  /// A copy of a range.
  public subscript(range: Range<Int>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      read(
        at: range.lowerBound,
        into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<range.count])))
      count = range.count
    }
  }
}
