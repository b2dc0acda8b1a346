/// The bytes of a model file: an array, or a file that is read piece by piece as it is asked for.
///
/// A file's bytes live in memory of our own, never in a mapping of the file: whoever cuts the file short while it is
/// read ends no process. What can no longer be read is zero, and `isWhole` says so afterwards; whoever computes with
/// the bytes checks them anyway, for a file may hold anything. Pieces may be let go when they were used, which gives
/// their memory back: the weights of a model need not be held twice.
public final class ModelBytes: Sendable {
  /// How many bytes there are.
  public let count: Int

  private enum Source: Sendable {
    case array([UInt8])
    case file(FilePieces)
  }
  private let source: Source

  /// Takes the bytes of a file that was read.
  public init(_ bytes: [UInt8]) {
    source = .array(bytes)
    count = bytes.count
  }

  /// Reads from an open regular file of so many bytes, which must not be negative. The descriptor is duplicated; nil
  /// where the system has no descriptor or no addresses left.
  public init?(readingFrom descriptor: Int32, count: Int) {
    guard let file = FilePieces(descriptor: descriptor, count: count) else { return nil }
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

  /// Calls `body` with the bytes of a range, which must lie within the file. `body` must not ask for others.
  public func withUnsafeBytes<Result>(
    in range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range outside of the file")
    return switch source {
    case .array(let bytes): bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    case .file(let file): file.withUnsafeBytes(in: range, body)
    }
  }

  /// Gives back the memory of a range that is not needed any more. It may be asked for again all the same.
  public func release(_ range: Range<Int>) {
    if case .file(let file) = source { file.release(range) }
  }

  /// All bytes.
  public var array: [UInt8] {
    if case .array(let bytes) = source { return bytes }
    return self[0..<count]
  }

  /// A copy of a range.
  public subscript(range: Range<Int>) -> [UInt8] { withUnsafeBytes(in: range) { [UInt8]($0) } }

  /// One byte.
  public subscript(position: Int) -> UInt8 { withUnsafeBytes(in: position..<position + 1) { $0[0] } }
}
