extension Settings {
  /// Reads `maskd.yaml` and then `conf.d/*.yaml` of the configuration directory, by the order of their names.
  ///
  /// A later file overrides an earlier one key by key; lists are replaced as a whole. Files that are not there are
  /// not missed.
  /// - Throws: everything that is wrong in any of the files.
  public static func load(directories: Directories) throws(ConfigurationErrors) -> Settings {
    try load(files: ConfigurationFiles.list(in: directories.configuration), directories: directories)
  }

  /// Reads these files in order; each must be there.
  /// - Throws: everything that is wrong in any of the files.
  public static func load(files: [String], directories: Directories) throws(ConfigurationErrors) -> Settings {
    throw ConfigurationErrors(errors: [])
  }
}
