import Benchmarking

/// The times and the memory of one model; times in milliseconds.
struct BenchmarkFigures {
  /// From the path of the file to a session that can run.
  let load: Double
  let first: Double
  let runs: ModelBenchmark.Runs
  /// The most that the process had resident, and what it had before the model was opened.
  let peakKilobytes: Int
  let bareKilobytes: Int

  /// The times as members of a JSON object, without its braces.
  var timesMembers: String {
    let timing = runs.timing
    return "\"load_ms\":\(Decimal.text(load, digits: 3)),\"first_ms\":\(Decimal.text(first, digits: 3)),"
      + "\"median_ms\":\(Decimal.text(timing.median, digits: 4)),"
      + "\"p90_ms\":\(Decimal.text(timing.percentile(90), digits: 4)),"
      + "\"min_ms\":\(Decimal.text(timing.best, digits: 4)),"
      + "\"cpu_ms\":\(Decimal.text(runs.processor, digits: 4)),\"peak_rss_kb\":\(peakKilobytes)"
  }

  /// One line for programs that time several engines.
  var timesJSON: String { "{\(timesMembers)}" }
}
