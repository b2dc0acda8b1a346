import TFLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The error that one operator makes by being computed in int8, or with int8 weights, on operands that are right.
public struct LayerError: Sendable {
  /// The operator's place in the float graph.
  public let index: Int
  /// The schema's name, for example "CONV_2D".
  public let operatorName: String
  /// The name of the result.
  public let tensorName: String
  /// Signal to quantization noise in dB: 10 log10 of the energy of the result over that of its error.
  public let signalToNoise: Double
  /// Root mean squared error over the quantization step. Rounding alone gives 0.289, the root of 1/12. Nil where the
  /// result is float.
  public let errorInSteps: Double?
  /// The share of results that lie beyond the int8 range, where they are clipped. Nil where the result is float.
  public let clippedShare: Double?
}

/// Sums of a tensor and its error.
struct ErrorSums {
  private(set) var (signal, noise): (Double, Double) = (0, 0)
  private var (count, clippedCount): (Int, Int) = (0, 0)

  mutating func add(_ reals: UnsafeBufferPointer<Float>, _ integers: UnsafeBufferPointer<Int8>, _ scale: Quantization) {
    let (step, zeroPoint) = (scale.scales[0], Int32(scale.zeroPoints[0]))
    var (signal, noise): (Float, Float) = (0, 0)
    // What is nearer to an end than half a step is only rounded.
    let (least, greatest) = ((-128.5 - Float(zeroPoint)) * step, (127.5 - Float(zeroPoint)) * step)
    var clipped = 0
    for position in 0..<min(reals.count, integers.count) {
      let error = Float(Int32(integers[position]) - zeroPoint) * step - reals[position]
      signal += reals[position] * reals[position]
      noise += error * error
      clipped &+= reals[position] < least || reals[position] > greatest ? 1 : 0
    }
    self.signal += Double(signal)
    self.noise += Double(noise)
    count += min(reals.count, integers.count)
    clippedCount += clipped
  }

  mutating func add(_ reals: UnsafeBufferPointer<Float>, _ others: UnsafeBufferPointer<Float>) {
    var (signal, noise): (Float, Float) = (0, 0)
    for position in 0..<min(reals.count, others.count) {
      let error = others[position] - reals[position]
      signal += reals[position] * reals[position]
      noise += error * error
    }
    self.signal += Double(signal)
    self.noise += Double(noise)
  }

  /// In dB; 200 where there is no error that could be measured.
  var signalToNoise: Double { decibels(signal: signal, noise: noise) }

  func error(_ step: Float) -> Double { count > 0 ? (noise / Double(count)).squareRoot() / Double(step) : 0 }

  var clippedShare: Double { count > 0 ? Double(clippedCount) / Double(count) : 0 }
}

/// The ratio of two energies in dB: 200 at most, which also stands for no noise.
func decibels(signal: Double, noise: Double) -> Double {
  guard signal > 0 else { return noise > 0 ? -200 : 200 }
  return noise > 0 ? min(200, 10 * log10(signal / noise)) : 200
}
