/// What a model file may hold at most. A file past one of these is refused with the reason `too_big`.
///
/// The largest model of ordinary use stays far below them; they bound the memory and time that reading costs.
public enum ModelLimits {
  /// Bytes of a file: 512 MiB.
  public static let byteCount = 512 << 20
  /// Subgraphs in a file.
  public static let subgraphs = 1_024
  /// Tensors of one subgraph.
  public static let tensors = 65_536
  /// Operators of one subgraph.
  public static let operators = 65_536
  /// Entries in the list of operator codes.
  public static let operatorCodes = 65_536
  /// Inputs or outputs of one operator or one subgraph.
  public static let operands = 4_096
  /// Entries in the list of buffers.
  public static let buffers = 1_048_576
  /// Named metadata entries.
  public static let metadata = 1_024
  /// Dimensions of a tensor.
  public static let dimensions = 8
  /// Bytes of one tensor's elements: 2 GiB.
  public static let tensorByteCount = 2 << 30
  /// Bytes of a name or description.
  public static let nameByteCount = 65_536
  /// Bytes of a custom operator's name.
  public static let operatorNameByteCount = 256
  /// Bytes of a custom operator's options: 1 MiB.
  public static let customOptionsByteCount = 1 << 20
  /// Bytes of tables, lists and names that may be decoded beyond the size of the file itself. A FlatBuffer may refer
  /// to one list from many places: without this bound a small file could ask for any amount of memory.
  public static let sharedByteCount = 1 << 20
  /// Bytes of the sidecar file: 1 MiB.
  public static let sidecarByteCount = 1 << 20
  /// Labels of a classifier.
  public static let labels = 65_536
  /// Bytes of one label.
  public static let labelByteCount = 256
  /// Members of the archive behind a model.
  public static let archiveMembers = 256
  /// Bytes of one member of the archive behind a model: 4 MiB.
  public static let archiveMemberByteCount = 4 << 20
}
