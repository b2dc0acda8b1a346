/// What the store is told at its start.
public struct ModelStoreSettings: Equatable, Sendable {
  /// The directory that new models are dropped into.
  public var dropDirectory: String
  /// Where the active model is kept by its hash, in the folder `store`.
  public var stateDirectory: String
  /// The model that runs where none was committed yet; nil: none.
  public var packagedModel: String?
  /// How long a file is unchanged before it counts as complete.
  public var settle: Duration
  /// The drop directory is looked at this often even where the kernel reports no change.
  public var rescan: Duration
  /// A larger model file is refused, in bytes.
  public var maximumByteCount: Int
  /// A model whose inference takes longer than this is refused.
  public var latencyBudget: Duration

  /// Names the directories; the rest has defaults.
  public init(
    dropDirectory: String, stateDirectory: String, packagedModel: String? = nil, settle: Duration = .seconds(1),
    rescan: Duration = .seconds(10), maximumByteCount: Int = 512 * 1024 * 1024,
    latencyBudget: Duration = .milliseconds(500)
  ) {
    self.dropDirectory = dropDirectory
    self.stateDirectory = stateDirectory
    self.packagedModel = packagedModel
    self.settle = settle
    self.rescan = rescan
    self.maximumByteCount = maximumByteCount
    self.latencyBudget = latencyBudget
  }
}
