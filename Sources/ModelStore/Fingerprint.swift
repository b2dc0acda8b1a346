/// What the file system says of one file: it is the same as long as nothing of this changes.
///
/// The change time is among it, so that a file whose permissions were mended is looked at again.
struct FileStamp: Equatable, Hashable {
  var inode: UInt64
  var byteCount: Int64
  /// Nanoseconds since 1970.
  var modified: Int64
  /// Nanoseconds since 1970.
  var changed: Int64
}

/// A model file with its sidecar, as the file system shows them.
struct Fingerprint: Equatable, Hashable {
  var model: FileStamp
  /// Nil where none lies beside the model.
  var sidecar: FileStamp?
}

/// What a model is: two drops with the same bytes are the same model, whatever their names.
struct Identity: Equatable, Hashable {
  /// SHA-256 of the model file in lower-case hexadecimal.
  var model: String
  /// SHA-256 of the sidecar; nil where there is none.
  var sidecar: String?
}
