import ArgumentParser
import Configuration
import EventLoop
import Glibc

/// `maskctl watch`: what a running daemon says.
struct Watch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what a running maskd says: a live table on a terminal, JSON lines in a pipe.",
    discussion: """
      Ends when the daemon does, or with Ctrl-C.

      Example: maskctl watch | jq 'select(.type == "state")'
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, json, text
  }

  @OptionGroup var daemon: DaemonOptions

  @Option(help: "table (redrawn in place), text (a sentence a line) or json (the lines as they come).")
  var format: Format?

  func run() throws {
    try Failure.exiting { () throws(Failure) in
      var client = try ResultsClient(path: daemon.socketPath)
      switch format ?? (Terminal.isInteractive ? .table : .json) {
      case .json: try printLines(&client)
      case .text: try printSentences(&client)
      case .table: try drawTable(&client)
      }
    }
  }

  private func printLines(_ client: inout ResultsClient) throws(Failure) {
    while true {
      switch try client.next() {
      case .line(let line): try Terminal.write(String(decoding: line, as: UTF8.self) + "\n")
      case .timeout: continue
      case .end: return
      }
    }
  }

  private func printSentences(_ client: inout ResultsClient) throws(Failure) {
    while true {
      switch try client.next() {
      case .line(let bytes):
        let line = try ResultsClient.decode(bytes)
        guard let sentence = line.sentence else { continue }
        try Terminal.write("\(Color.dim.paint(line.timeOfDay))  \(sentence)\n")
      case .timeout: continue
      case .end: return
      }
    }
  }

  private func drawTable(_ client: inout ResultsClient) throws(Failure) {
    let (hello, snapshot) = try client.greeting()
    var table = LiveTable(hello: hello, snapshot: snapshot)
    // Ctrl-C is taken as an event, so that the cursor comes back.
    let signals: SignalQueue
    do { signals = try SignalQueue([SIGINT, SIGTERM]) } catch { throw Failure(.internalError, error.description) }
    try Terminal.write("\u{1B}[?25l")
    var isOver = false
    while !isOver, signals.next() == nil {
      switch try client.next(timeoutMilliseconds: 100) {
      case .line(let bytes): table.take(try ResultsClient.decode(bytes))
      case .timeout: break
      case .end: isOver = true
      }
      try Terminal.write(table.drawing())
    }
    try Terminal.write("\u{1B}[?25h")
  }
}

/// How a verb finds the running daemon.
struct DaemonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The daemon's results socket. Default: where a maskd started by this user, or by the system, listens.",
      valueName: "path"))
  var socket: String?

  /// The socket asked for, or the first that is there: the user's own daemon, then the system's.
  var socketPath: String {
    if let socket { return socket }
    let system = "/run/maskd/results.sock"
    let own = Directories.current().runtime + "/results.sock"
    return access(own, F_OK) == 0 ? own : system
  }
}
