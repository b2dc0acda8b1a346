import ArgumentParser
import Configuration
import Daemon
import Glibc
import Logging
import Results

/// The command line of the daemon.
@main struct Maskd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "maskd",
    abstract: "Says on a local socket and in the journal whether faces before cameras wear masks.",
    discussion: """
      Without options: the configuration of /etc/maskd (or, for an ordinary user and a build that is not installed, of \
      $XDG_CONFIG_HOME/maskd). No file is needed: the first camera that captures is used.

      SIGHUP reads the configuration again; SIGTERM ends the daemon.

      Example: maskd --config /tmp/maskd --check-config
      """,
    version: Service.version)

  @Option(help: ArgumentHelp("The folder with maskd.yaml and conf.d.", valueName: "folder"))
  var config: String?

  @Flag(help: "Print the configuration in force, or all that is wrong with it, and end.")
  var checkConfig = false

  func run() throws {
    let settings: Settings
    do throws(ConfigurationErrors) {
      settings = try load()
    } catch {
      complain(error.description)
      throw ExitCode(78)
    }
    if checkConfig {
      print(settings.rendered(), terminator: "")
      return
    }
    try serve(settings)
  }

  /// A folder that was named must be there; the one of the system need not.
  private func load() throws(ConfigurationErrors) -> Settings {
    var directories = Directories.current()
    if let config { directories.configuration = config }
    return try Settings.load(directories: directories, mustExist: config != nil)
  }

  private func serve(_ settings: Settings) throws {
    LoggingSystem.bootstrap { _ in Journal() }
    var logger = Logger(label: "maskd")
    logger.logLevel = Logger.Level(settings.journal.level)
    do throws(ServiceError) {
      let service = try Service(settings, logger: logger, loadSettings: load)
      try service.run()
    } catch {
      if case .noModel = error {
        logger.log(.critical, .modelUnavailable, "\(error.description)")
      } else {
        logger.critical("\(error.description)")
      }
      throw ExitCode(error.exitCode)
    }
  }

  private func complain(_ text: String) {
    Array((text + "\n").utf8).withUnsafeBytes { bytes in
      // Where standard error is closed there is nobody to tell.
      _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count)
    }
  }
}
