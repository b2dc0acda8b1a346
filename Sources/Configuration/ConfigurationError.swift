/// One thing that is wrong in a configuration file.
public struct ConfigurationError: Error, Equatable, Sendable {
  /// The path of the file.
  public let file: String
  /// The line from 1; nil where the file as a whole is meant.
  public let line: Int?
  /// The full key, for example `cameras[0].width`; empty where no key is meant.
  public let key: String
  /// What is wrong and what would be right.
  public let problem: String

  /// Makes an error.
  public init(file: String, line: Int?, key: String, problem: String) {
    self.file = file
    self.line = line
    self.key = key
    self.problem = problem
  }
}

extension ConfigurationError: CustomStringConvertible {
  /// One line, for example `/etc/maskd/maskd.yaml:3: decision.hold: …`.
  public var description: String {
    var place = file
    if let line { place += ":\(line)" }
    return key.isEmpty ? "\(place): \(problem)" : "\(place): \(key): \(problem)"
  }
}

/// Everything that is wrong in all configuration files, in the order of files and lines.
public struct ConfigurationErrors: Error, Equatable, Sendable {
  /// At least one.
  public let errors: [ConfigurationError]
}

extension ConfigurationErrors: CustomStringConvertible {
  /// One line for each error.
  public var description: String { errors.map(\.description).joined(separator: "\n") }
}
