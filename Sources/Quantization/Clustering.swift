import TFLite

/// Lets the weights of a larger layer share few values, which compress well.
public struct Clustering: Sendable {
  /// How many different values a tensor may have, at least 2.
  public let count: Int
  /// Whether weights that are 0 stay so: what was pruned.
  public let keepsZero: Bool

  /// Makes a wish.
  public init(count: Int, keepsZero: Bool) {
    self.count = count
    self.keepsZero = keepsZero
  }

  /// Between how many steps of floats the borders of clusters are sought: twice as many change the error by less than
  /// 1 %.
  private static let stepCount = 4096

  /// Gives floats at most `count` values, with the least squared error.
  func cluster(_ values: inout [Float]) {
    guard values.allSatisfy(\.isFinite) else { return }
    let kept = keepsZero && values.contains(0)
    var (low, high) = (Double.infinity, -Double.infinity)
    for value in values where !(kept && value == 0) {
      low = min(low, Double(value))
      high = max(high, Double(value))
    }
    guard low < high else { return }
    let factor = Double(Self.stepCount) / (high - low)
    func step(_ value: Float) -> Int { min(Int((Double(value) - low) * factor), Self.stepCount - 1) }
    var sums = [SIMD4<Double>](repeating: .zero, count: Self.stepCount)
    for value in values where !(kept && value == 0) { sums[step(value)] += Self.moments(Double(value), weight: 1) }
    let centers = Self.centers(sums, count: kept ? count - 1 : count) { $0 }.map { Float($0) }
    for index in values.indices where !(kept && values[index] == 0) { values[index] = centers[step(values[index])] }
  }

  /// Gives int8 levels at most `count` values, with the least squared error of the reals that they stand for.
  func cluster(_ levels: inout [Int8], scales: [Float], layout: ChannelLayout) {
    let kept = keepsZero && levels.contains(0)
    var weights = [Double](repeating: 0, count: 256)
    layout.forEach { position, channel in
      weights[Int(levels[position]) + 128] += Double(scales[channel]) * Double(scales[channel])
    }
    if kept { weights[128] = 0 }
    let sums = weights.enumerated().map { Self.moments(Double($0 - 128), weight: $1) }
    let centers = Self.centers(sums, count: kept ? count - 1 : count) { $0.rounded() }
    for index in levels.indices where !(kept && levels[index] == 0) {
      levels[index] = Int8(centers[Int(levels[index]) + 128])
    }
  }

  /// The moments 0, 1 and 2 of a value.
  private static func moments(_ value: Double, weight: Double) -> SIMD4<Double> {
    SIMD4(weight, weight * value, weight * value * value, 0)
  }

  /// The value that each of the groups, which are in the order of their values, gets: groups that lie side by side share
  /// one, there are at most `count`, and the squared error is the least that there is.
  ///
  /// - Parameters:
  ///   - moments: of the members of each group.
  ///   - permitted: the nearest value that may be used.
  private static func centers(
    _ moments: [SIMD4<Double>], count: Int, permitted: @escaping (Double) -> Double
  ) -> [Double] {
    let filled = moments.indices.filter { moments[$0][0] > 0 }
    let partition = LeastSquaresPartition(filled.map { moments[$0] }, permitted: permitted)
    var centers = [Double](repeating: 0, count: moments.count)
    for part in partition.parts(count: count) {
      for place in part { centers[filled[place]] = partition.center(part) }
    }
    return centers
  }
}

/// Cuts a sorted list into parts with the least squared distance of all to the center of their part: k-means in one
/// dimension, by dynamic programming, with the certainty that nothing is better.
private struct LeastSquaresPartition {
  private let count: Int
  /// The moments of all before each place.
  private var before: [SIMD4<Double>] = [.zero]
  private let permitted: (Double) -> Double

  init(_ moments: [SIMD4<Double>], permitted: @escaping (Double) -> Double) {
    count = moments.count
    self.permitted = permitted
    for moment in moments { before.append(before[before.count - 1] + moment) }
  }

  func center(_ part: Range<Int>) -> Double {
    let sum = before[part.upperBound] - before[part.lowerBound]
    return permitted(sum[1] / sum[0])
  }

  private func error(_ part: Range<Int>) -> Double {
    guard !part.isEmpty else { return 0 }
    let (sum, center) = (before[part.upperBound] - before[part.lowerBound], center(part))
    return sum[2] - 2 * center * sum[1] + center * center * sum[0]
  }

  /// At most so many parts.
  func parts(count partCount: Int) -> [Range<Int>] {
    guard count > partCount else { return (0..<count).map { $0..<$0 + 1 } }
    var errors = (0...count).map { error(0..<$0) }
    var starts: [[Int32]] = []
    for _ in 1..<partCount {
      var next = errors
      var chosen = [Int32](repeating: 0, count: count + 1)
      extend(errors, &next, &chosen, ends: 1...count, starts: 0...count)
      errors = next
      starts.append(chosen)
    }
    var parts: [Range<Int>] = []
    var end = count
    for chosen in starts.reversed() where end > 0 {
      let start = Int(chosen[end])
      if start < end { parts.append(start..<end) }
      end = start
    }
    if end > 0 { parts.append(0..<end) }
    return parts
  }

  /// Finds where the last part begins, for each end, with one part more than `errors` have. The best start does not
  /// decrease with the end, so the one of the middle end halves what is to be searched for the others.
  private func extend(
    _ errors: [Double], _ next: inout [Double], _ chosen: inout [Int32], ends: ClosedRange<Int>,
    starts: ClosedRange<Int>
  ) {
    let end = (ends.lowerBound + ends.upperBound) / 2
    var best = (error: Double.infinity, start: starts.lowerBound)
    for start in starts.lowerBound...max(starts.lowerBound, min(end, starts.upperBound)) {
      let found = errors[start] + error(start..<max(start, end))
      if found < best.error { best = (found, start) }
    }
    next[end] = best.error
    chosen[end] = Int32(best.start)
    if ends.lowerBound < end {
      extend(errors, &next, &chosen, ends: ends.lowerBound...end - 1, starts: starts.lowerBound...best.start)
    }
    if end < ends.upperBound {
      extend(errors, &next, &chosen, ends: end + 1...ends.upperBound, starts: best.start...starts.upperBound)
    }
  }
}

extension GraphDraft {
  /// Clusters the weights of larger layers that are float.
  mutating func clusterFloatWeights(_ clustering: Clustering) {
    for tensor in Set(operators.compactMap { $0.weightAxis == nil ? nil : $0.inputs[1] }) {
      guard var values = tensors[tensor].floats, values.count >= FloatModel.leastElementCount else { continue }
      clustering.cluster(&values)
      tensors[tensor].constant = Constant(bytes(of: values))
    }
  }
}

extension FloatModel {
  /// The model with weights that share few values; as it is where none are asked for.
  public func clustered(_ clustering: Clustering?) -> FloatModel {
    guard let clustering else { return self }
    var clustered = self
    clustered.draft.main.clusterFloatWeights(clustering)
    return clustered
  }
}
