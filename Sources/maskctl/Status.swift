import ArgumentParser

/// `maskctl status`: how a running daemon is.
struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows the model, the cameras and the state of every region of a running maskd.",
    discussion: "Example: maskctl status --json | jq .regions")

  @OptionGroup var snapshot: SnapshotOptions

  func run() throws { try snapshot.print(as: text) }

  private func text(_ hello: ResultLine, _ snapshot: ResultLine) -> String {
    var lines = ["maskd \(hello.version ?? "?"), engine \(hello.engine ?? "?")"]
    if let model = snapshot.model ?? hello.model {
      lines.append("model    \(model.name), generation \(model.generation ?? 0)\(model.phase.map { ", \($0)" } ?? "")")
      lines.append("         sha256 \(model.sha256 ?? "?")")
    }
    for camera in snapshot.cameras ?? [] {
      let why = camera.detail.map { ": \($0)" } ?? ""
      lines.append("camera   \(camera.camera ?? "?")  \(camera.event ?? "not tried yet")\(why)")
    }
    for region in snapshot.regions ?? [] {
      let state = region.reason.map { "\(region.state) (\($0))" } ?? region.state
      let score = region.score.map { "  \(twoDigits($0))" } ?? ""
      let since = region.since.map { "  since \($0)" } ?? ""
      lines.append(
        "region   \(region.camera)/\(region.region)  \(Color.paint(state: region.state, state))\(score)\(since)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// `maskctl models`: the model in charge and what became of those that were dropped.
struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows the model in charge and what became of the models dropped into a running maskd.",
    discussion: "Example: maskctl models")

  @OptionGroup var snapshot: SnapshotOptions

  func run() throws { try snapshot.print(as: text) }

  private func text(_ hello: ResultLine, _ snapshot: ResultLine) -> String {
    var lines: [String] = []
    if let model = hello.model {
      lines.append(
        "in charge  \(model.name), generation \(model.generation ?? 0), labels \((model.labels ?? []).joined(separator: ", "))"
      )
      lines.append("           sha256 \(model.sha256 ?? "?")")
    }
    for drop in snapshot.drops ?? [] {
      let why = [drop.reason, drop.detail].compactMap { $0 }.joined(separator: ", ")
      lines.append("\(drop.phase ?? "?")  \(drop.name)\(why.isEmpty ? "" : ": \(why)")  (\(drop.time ?? "?"))")
    }
    if (snapshot.drops ?? []).isEmpty { lines.append("no model was dropped since the daemon started") }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// How a daemon is asked once how things stand, and how the answer is printed.
struct SnapshotOptions: ParsableArguments {
  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print the daemon's own snapshot line.")
  var json = false

  /// Prints the snapshot, as the line that it came as or as a text for people.
  func print(as text: (_ hello: ResultLine, _ snapshot: ResultLine) -> String) throws {
    try Failure.exiting { () throws(Failure) in
      var client = try ResultsClient(path: daemon.socketPath)
      let (hello, snapshot, line) = try client.greetingWithLine()
      try Terminal.write(json ? line + "\n" : text(hello, snapshot))
    }
  }
}
