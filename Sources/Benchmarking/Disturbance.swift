import Glibc

/// What other work did to a measurement, and whether the measurement can be trusted all the same.
public struct Disturbance: Sendable, Equatable {
  /// How much longer the median was than the best run, as a share of the best.
  public let spread: Double
  /// The share of the time that a thread of ours was ready and waited for a processor; nil where the system keeps no
  /// account of it.
  public let waitShare: Double?
  /// The share of the processors' time that the hypervisor gave to other machines; nil where the measurement was too
  /// short for the system's clock ticks.
  public let stealShare: Double?
  /// How many processors other programs kept busy; nil as for `stealShare`.
  public let otherProcessors: Double?
  /// How often the system took a processor from us, a second.
  public let preemptionsPerSecond: Double

  /// Ticks are 10 ms: below this many milliseconds they say nothing.
  static let tickedTimeMin = 200.0
  /// A median further than this above the best run: the best was not what usually happens.
  static let spreadMax = 0.10
  /// Shares of time beyond these move a median by as much; the goals that are measured are a few per cent apart.
  static let waitShareMax = 0.02
  static let stealShareMax = 0.02
  /// Others on the remaining processors share caches, memory and the frequency.
  static let otherProcessorsMax = 0.25
  /// Only asked where the system tells no waiting times.
  static let preemptionsPerSecondMax = 20.0

  /// Why the figures cannot be trusted, each a clause for a person; none where they can.
  public var complaints: [String] {
    var complaints: [String] = []
    if spread > Self.spreadMax {
      complaints.append("the median run was \(percent(spread)) longer than the best")
    }
    if let waitShare, waitShare > Self.waitShareMax {
      complaints.append("threads waited for a processor for \(percent(waitShare)) of the time")
    }
    if let stealShare, stealShare > Self.stealShareMax {
      complaints.append("other virtual machines took \(percent(stealShare)) of the processors' time")
    }
    if let otherProcessors, otherProcessors > Self.otherProcessorsMax {
      complaints.append("other programs kept \(Int((otherProcessors * 100).rounded())) % of a processor busy")
    }
    if waitShare == nil, preemptionsPerSecond > Self.preemptionsPerSecondMax {
      complaints.append("a processor was taken away \(Int(preemptionsPerSecond)) times a second")
    }
    return complaints
  }

  /// Whether nothing speaks against the figures.
  public var isQuiet: Bool { complaints.isEmpty }

  private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}

/// What the system counts while time passes; the difference of two tells of a disturbance.
public struct SystemCounters: Sendable {
  /// Milliseconds on the wall.
  var wall: Double
  /// Milliseconds that threads of this process waited for a processor, each thread by itself; nil where not counted.
  var waited: Double?
  /// Milliseconds of all processors together, by what they did.
  var stolen: Double
  var busy: Double
  var whole: Double
  /// Milliseconds of processors for this process.
  var own: Double
  var preemptions: Int

  /// Reads them now.
  public static var current: SystemCounters {
    let ticks = ProcessorTicks(stat: SystemFile.text("/proc/stat") ?? "")
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return SystemCounters(
      wall: Clock.wall, waited: threadsWaited(), stolen: ticks.stolen, busy: ticks.busy, whole: ticks.whole,
      own: Clock.processor, preemptions: usage.ru_nivcsw)
  }

  /// The sum over the threads that live: those of a session live as long as it.
  private static func threadsWaited() -> Double? {
    var sum: Double?
    for thread in SystemFile.names(in: "/proc/self/task") {
      guard let line = SystemFile.line("/proc/self/task/\(thread)/schedstat") else { continue }
      sum = (sum ?? 0) + (waited(schedstat: line) ?? 0)
    }
    return sum
  }

  /// schedstat has the time on a processor, the time in its queue, both in nanoseconds, and the number of turns.
  static func waited(schedstat: String) -> Double? {
    let fields = schedstat.split(separator: " ")
    return fields.count >= 2 ? Double(fields[1]).map { $0 / 1e6 } : nil
  }

  /// What happened since an earlier reading, while `timing` was measured by `threadCount` threads.
  public func disturbance(since before: SystemCounters, timing: Timing, threadCount: Int) -> Disturbance {
    let elapsed = max(wall - before.wall, 1e-6)
    let isTicked = elapsed >= Disturbance.tickedTimeMin && whole > before.whole
    var waitShare: Double?
    if let waited, let earlier = before.waited {
      waitShare = max(0, waited - earlier) / (elapsed * Double(threadCount))
    }
    return Disturbance(
      spread: timing.spread, waitShare: waitShare,
      stealShare: isTicked ? (stolen - before.stolen) / (whole - before.whole) : nil,
      otherProcessors: isTicked ? max(0, (busy - before.busy) - (own - before.own)) / elapsed : nil,
      preemptionsPerSecond: Double(preemptions - before.preemptions) / elapsed * 1000)
  }
}

/// The first line of /proc/stat: "cpu user nice system idle iowait irq softirq steal …", in ticks.
struct ProcessorTicks {
  let stolen: Double
  let busy: Double
  let whole: Double

  /// In milliseconds; zeros where the text is another.
  init(stat: String, ticksPerSecond: Int = sysconf(Int32(_SC_CLK_TCK))) {
    let line = stat.prefix { $0 != "\n" }.split(separator: " ")
    let fields = line.first == "cpu" ? line.dropFirst().prefix(8).compactMap { Double($0) } : []
    guard fields.count == 8, ticksPerSecond > 0 else {
      (stolen, busy, whole) = (0, 0, 0)
      return
    }
    let unit = 1000 / Double(ticksPerSecond)
    let idle = fields[3] + fields[4]
    stolen = fields[7] * unit
    whole = fields.reduce(0, +) * unit
    busy = whole - (idle + fields[7]) * unit
  }
}
