#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How long each step of a program took, over any number of runs (`Session.invoke(recording:)`).
///
/// With several threads a step ends when all of them are done with it.
public struct StepTimes: Sendable {
  /// The shortest time of each step so far, in nanoseconds.
  public private(set) var best: [Int]
  /// The sum of each step's times, in nanoseconds.
  public private(set) var total: [Int]
  /// The shortest whole run, in nanoseconds.
  public private(set) var bestRun = Int.max
  /// The runs that were recorded.
  public private(set) var runCount = 0

  private var runBegan = 0
  private var stepBegan = 0

  /// Makes room for the steps of a program.
  public init(for program: Program) {
    best = [Int](repeating: .max, count: program.stepDescriptions.count)
    total = [Int](repeating: 0, count: program.stepDescriptions.count)
  }

  mutating func begin() {
    runBegan = Self.now()
    stepBegan = runBegan
  }

  mutating func didRun(_ step: Int) {
    let now = Self.now()
    best[step] = min(best[step], now - stepBegan)
    total[step] += now - stepBegan
    stepBegan = now
  }

  mutating func end() {
    bestRun = min(bestRun, stepBegan - runBegan)
    runCount += 1
  }

  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
  }
}
