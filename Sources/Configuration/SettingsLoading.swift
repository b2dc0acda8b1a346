extension Settings {
  /// Reads `maskd.yaml` and then `conf.d/*.yaml` of the configuration directory, by the order of their names.
  ///
  /// A later file overrides an earlier one key by key; lists are replaced as a whole. Files that are not there are
  /// not missed; the directory itself is where `mustExist` says so.
  /// - Throws: everything that is wrong in any of the files.
  public static func load(
    directories: Directories, mustExist: Bool = false
  ) throws(ConfigurationErrors) -> Settings {
    let files: [String]
    do throws(ConfigurationError) {
      files = try ConfigurationFiles.list(in: directories.configuration, mustExist: mustExist)
    } catch {
      throw ConfigurationErrors(errors: [error])
    }
    return try load(files: files, directories: directories)
  }

  /// Reads these files in order; each must be there.
  /// - Throws: everything that is wrong in any of the files.
  public static func load(files: [String], directories: Directories) throws(ConfigurationErrors) -> Settings {
    var settings = Settings(directories: directories)
    var reading = Reading(file: "")
    let fields = Schema.settings
    for file in files {
      reading.file = file
      do throws(ConfigurationError) {
        let bytes = try ConfigurationFiles.read(file)
        guard let node = try YAMLParser.parse(bytes, file: file) else { continue }
        readGroup(node, "", fields, into: &settings, &reading)
      } catch {
        reading.refuse(error)
      }
    }
    let errors = reading.errors + SettingsChecks.errors(of: settings, places: reading.places)
    guard errors.isEmpty else { throw ConfigurationErrors(errors: inOrder(errors, of: files)) }
    return settings
  }

  /// The configuration as YAML; a file of this text gives the same settings.
  public func rendered() -> String {
    Schema.settings.flatMap { $0.render(self) }.map { $0 + "\n" }.joined()
  }

  /// Every key, as `cameras[].name`, with what it takes.
  public static var keys: [(key: String, expectation: String)] {
    Schema.settings.flatMap(\.outline)
  }

  /// More errors than this are counted and not shown: nobody mends them one by one.
  private static let mostErrors = 100

  private static func inOrder(_ errors: [ConfigurationError], of files: [String]) -> [ConfigurationError] {
    let position = Dictionary(files.enumerated().map { ($1, $0) }) { first, _ in first }
    let sorted = errors.enumerated().sorted { one, other in
      (position[one.element.file] ?? -1, one.element.line ?? 0, one.offset)
        < (position[other.element.file] ?? -1, other.element.line ?? 0, other.offset)
    }
    let shown = sorted.prefix(mostErrors).map(\.element)
    guard let last = shown.last, sorted.count > mostErrors else { return shown }
    let problem = "\(sorted.count - mostErrors) more errors are not shown"
    return shown + [ConfigurationError(file: last.file, line: nil, key: "", problem: problem)]
  }
}
