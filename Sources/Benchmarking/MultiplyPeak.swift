import EventLoop
import Inference
import Synchronization

/// How many int8 multiply-accumulates a second the processor can do with a family's own instruction: what times of
/// kernels are set against.
public enum MultiplyPeak {
  /// Slices of which the fastest counts: one is enough that was not disturbed.
  private static let sliceCount = 30
  /// Milliseconds of one slice: long against the clock, short against a turn of the scheduler.
  private static let sliceTime = 0.5

  /// Multiply-accumulates a second of `threads` threads together, each with its best slice; nil where no thread could be
  /// started.
  public static func measure(_ family: KernelFamily, threads: Int) -> Double? {
    guard threads > 1 else { return bestRate(family) }
    let sum = Sum()
    var others: [Thread] = []
    for _ in 1..<threads {
      guard let thread = try? Thread.start(name: "peak", body: { sum.add(bestRate(family)) }) else { break }
      others.append(thread)
    }
    sum.add(bestRate(family))
    for thread in others { thread.join() }
    return others.count == threads - 1 ? sum.value : nil
  }

  private static func bestRate(_ family: KernelFamily) -> Double {
    var repeats = 64
    while time(family, repeats).milliseconds < sliceTime, repeats < 1 << 30 { repeats *= 2 }
    return (0..<sliceCount).map { _ in
      let slice = time(family, repeats)
      return Double(slice.products) / slice.milliseconds * 1000
    }.max() ?? 0
  }

  private static func time(_ family: KernelFamily, _ repeats: Int) -> (products: Int, milliseconds: Double) {
    let began = Clock.wall
    let products = family.multiply(repeats: repeats)
    return (products, max(Clock.wall - began, 1e-6))
  }

  private final class Sum: Sendable {
    private let sum = Mutex(0.0)
    var value: Double { sum.withLock { $0 } }
    func add(_ rate: Double) { sum.withLock { $0 += rate } }
  }
}
