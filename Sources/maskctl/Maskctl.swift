import ArgumentParser

/// The companion of maskd: one file a verb.
@main
struct Maskctl: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "maskctl",
    abstract: "Imports, shrinks, runs and measures models, and looks inside a running maskd.",
    subcommands: [
      Run.self, Benchmark.self, Classify.self, Evaluate.self, Import.self, Inspect.self, Quantize.self, Watch.self,
      Status.self, Models.self,
    ]
  )
}
