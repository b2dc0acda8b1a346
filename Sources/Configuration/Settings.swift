/// The configuration in force: every value the daemon needs, checked, with its default where no file sets it.
///
/// `docs/configuration.md` describes each key; `Settings.load` reads it from files.
public struct Settings: Equatable, Sendable {
  /// At least one; names are unique.
  public var cameras: [Camera]
  /// How scores over time become a state.
  public var decision: Decision
  /// The socket that clients read.
  public var results: Results
  /// Where models come from and what is asked of them.
  public var models: Models
  /// How models are computed.
  public var engine: Engine
  /// What is written to the journal.
  public var journal: Journal

  /// The settings of an empty file.
  public init(directories: Directories) {
    cameras = [Camera(name: "camera")]
    decision = Decision()
    results = Results(socket: directories.runtime + "/results.sock")
    models = Models(
      directory: directories.state + "/models", stateDirectory: directories.state,
      packaged: directories.packagedModel)
    engine = Engine()
    journal = Journal()
  }
}

extension Settings {
  /// How scores over time become a state.
  public struct Decision: Equatable, Sendable {
    /// The average score at which a state begins, 0.5…1; nil: as the model says, or 0.7 where it says nothing.
    public var upperThreshold: Double?
    /// The average score below which a state ends, 0…1, at most `upperThreshold`; nil: as the model says, or 0.55.
    public var lowerThreshold: Double?
    /// The time constant of the exponential average.
    public var smoothing: Duration = .milliseconds(400)
    /// How long an average stays past a threshold before the state changes.
    public var hold: Duration = .milliseconds(500)
    /// Frames that are judged before the first state (`settling` until then).
    public var settleFrames: Int = 3
    /// Without a frame for this long a state is `stale`.
    public var staleAfter: Duration = .seconds(2)
    /// A region with a mean luma below this is `dark`, 0…255; 0: never.
    public var darkBelow: Double = 16
    /// A region with a sharpness below this is `blurred`; 0: never.
    public var blurredBelow: Double = 0
    /// A frame that is older than this when its result is ready means `overload`.
    public var overloadAbove: Duration = .seconds(1)

    /// The defaults.
    public init() {}
  }

  /// The results socket.
  public struct Results: Equatable, Sendable {
    /// The path of the Unix stream socket, at most 107 bytes.
    public var socket: String
    /// The permissions of the socket file.
    public var mode: UInt32 = 0o660
    /// What is kept for a client that does not read, in bytes.
    public var queueBytes: Int = 256 * 1024
    /// `result` lines a second for each region; 0: every frame.
    public var resultsPerSecond: Double = 5
    /// More clients than this are turned away.
    public var maxClients: Int = 64

    /// The defaults, with the path of the socket.
    public init(socket: String) { self.socket = socket }
  }

  /// Where models come from and what is asked of them.
  public struct Models: Equatable, Sendable {
    /// The directory that new models are dropped into.
    public var directory: String
    /// Where the active model is kept by its hash (in the folder `store`).
    public var stateDirectory: String
    /// The model that runs where none was dropped yet.
    public var packaged: String
    /// How long a file is unchanged before it counts as complete.
    public var settle: Duration = .seconds(1)
    /// The directory is looked at this often even where the kernel reports no change.
    public var rescan: Duration = .seconds(10)
    /// A larger file is refused.
    public var maxBytes: Int = 512 * 1024 * 1024
    /// A model whose inference takes longer than this is refused.
    public var latencyBudget: Duration = .milliseconds(500)

    /// The defaults, with the directories.
    public init(directory: String, stateDirectory: String, packaged: String) {
      self.directory = directory
      self.stateDirectory = stateDirectory
      self.packaged = packaged
    }
  }

  /// How models are computed.
  public struct Engine: Equatable, Sendable {
    /// Threads of one inference; nil: as many as fit this machine.
    public var threads: Int?
    /// The family of kernels.
    public var kernels: Kernels = .auto

    /// The families of kernels, each for one instruction set.
    public enum Kernels: String, CaseIterable, Sendable {
      /// The fastest that this processor has.
      case auto
      case generic, avx2, avx512vnni, neon, dotprod, i8mm
    }

    /// The defaults.
    public init() {}
  }

  /// What is written to the journal.
  public struct Journal: Equatable, Sendable {
    /// Lines below this level are not written.
    public var level: Level = .info

    /// From the most to the least talkative (the names of swift-log).
    public enum Level: String, CaseIterable, Sendable {
      case trace, debug, info, notice, warning, error, critical
    }

    /// The defaults.
    public init() {}
  }
}
