import Glibc

/// The directories that defaults are made from.
///
/// System: `/etc/maskd`, `/run/maskd`, `/var/lib/maskd`. An ordinary user who runs a build that is not installed has
/// directories of the XDG base directory specification. What systemd passes in its variables comes before both.
public struct Directories: Equatable, Sendable {
  /// Holds `maskd.yaml` and `conf.d`.
  public var configuration: String
  /// Holds sockets; gone after a restart of the machine.
  public var runtime: String
  /// Holds models and what is to survive a restart.
  public var state: String
  /// The path of the model that comes with maskd.
  public var packagedModel: String

  /// Names the directories as they are.
  public init(configuration: String, runtime: String, state: String, packagedModel: String) {
    self.configuration = configuration
    self.runtime = runtime
    self.state = state
    self.packagedModel = packagedModel
  }

  /// The file name of the model that comes with maskd.
  public static let packagedModelName = "mask_mobilenetv2_int8.tflite"
}

extension Directories {
  /// The directories of this process, from its environment, its user and the place of its executable.
  public static func current() -> Directories {
    var environment: [String: String] = [:]
    let names = [
      "CONFIGURATION_DIRECTORY", "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR",
      "XDG_STATE_HOME", "HOME",
    ]
    for name in names {
      if let value = getenv(name) { environment[name] = String(cString: value) }
    }
    return Directories(
      environment: environment, userID: geteuid(), executable: executablePath() ?? "/usr/bin/maskd",
      exists: { access($0, F_OK) == 0 })
  }

  /// The rule behind `current`, with everything that it looks at as an argument.
  public init(environment: [String: String], userID: UInt32, executable: String, exists: (String) -> Bool) {
    let folder = Self.parent(of: executable)
    let share = Self.parent(of: folder) + "/share/maskd/models"
    let isInstalled = exists(share)
    let base =
      userID == 0 || isInstalled
      ? (configuration: "/etc/maskd", runtime: "/run/maskd", state: "/var/lib/maskd")
      : Self.userDirectories(environment, userID: userID)
    configuration = Self.first(of: environment["CONFIGURATION_DIRECTORY"]) ?? base.configuration
    runtime = Self.first(of: environment["RUNTIME_DIRECTORY"]) ?? base.runtime
    state = Self.first(of: environment["STATE_DIRECTORY"]) ?? base.state
    let packagedFolder =
      isInstalled ? share : Self.checkout(around: folder, exists: exists) ?? "/usr/share/maskd/models"
    packagedModel = packagedFolder + "/" + Self.packagedModelName
  }

  /// systemd separates several directories by colons; the first is ours.
  private static func first(of list: String?) -> String? {
    guard let path = list?.split(separator: ":").first, path.hasPrefix("/") else { return nil }
    return String(path)
  }

  /// The specification asks that relative paths in its variables are ignored.
  private static func userDirectories(
    _ environment: [String: String], userID: UInt32
  ) -> (configuration: String, runtime: String, state: String) {
    func absolute(_ name: String) -> String? { environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
    let home = absolute("HOME") ?? "/tmp/maskd-\(userID)"
    let state = (absolute("XDG_STATE_HOME") ?? home + "/.local/state") + "/maskd"
    return (
      configuration: (absolute("XDG_CONFIG_HOME") ?? home + "/.config") + "/maskd",
      runtime: absolute("XDG_RUNTIME_DIR").map { $0 + "/maskd" } ?? state + "/run",
      state: state
    )
  }

  /// The `models` folder of the checkout that the executable was built in.
  private static func checkout(around folder: String, exists: (String) -> Bool) -> String? {
    var folder = folder
    while !folder.isEmpty {
      let models = folder + "/models"
      if exists(folder + "/Package.swift"), exists(models + "/" + packagedModelName) { return models }
      folder = parent(of: folder)
    }
    return nil
  }

  /// `/usr/bin/maskd` → `/usr/bin`; the root is the empty string.
  private static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return String(path[..<slash])
  }

  private static func executablePath() -> String? {
    let capacity = Int(PATH_MAX)
    var path = [CChar](repeating: 0, count: capacity)
    let count = readlink("/proc/self/exe", &path, capacity)
    return count > 0 ? String(decoding: path.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
  }
}
