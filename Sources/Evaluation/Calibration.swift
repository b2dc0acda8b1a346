import Glibc

/// Whether scores can be read as probabilities.
public struct Calibration: Equatable, Sendable {
  /// Pictures whose highest score lies in one band.
  public struct Band: Equatable, Sendable {
    /// How many there are.
    public let count: Int
    /// The mean of their highest scores.
    public let confidence: Double
    /// The share of right answers.
    public let accuracy: Double
  }

  /// The bands that have pictures, from low scores to high.
  public let bands: [Band]
  /// The expected calibration error: how far score and accuracy are apart, over fifteen bands, weighted by pictures
  /// (Guo et al., On Calibration of Modern Neural Networks, 2017).
  public let error: Double
  /// What logits are to be divided by for the scores to fit best: above 1 the model is too sure, below 1 too cautious.
  public let temperature: Double
  /// The error that is left with that temperature.
  public let errorAfter: Double

  private static let bandCount = 15
  /// A quantized probability of 0 only says less than half a step of 1/256.
  private static let leastScore = 1.0 / 512
  private static let temperatures = log(0.05)...log(20.0)

  /// Measures; pictures must not be empty.
  public init(_ pictures: [JudgedPicture]) {
    let answers = pictures.map { (confidence: $0.confidence, isRight: $0.isRight) }
    (bands, error) = Self.measure(answers)
    let logits = pictures.map { picture in picture.scores.map { log(max(Double($0), Self.leastScore)) } }
    let truths = pictures.map(\.truth)
    let temperature = exp(Self.minimum { Self.surprise(logits, truths, temperature: exp($0)) })
    self.temperature = temperature
    let fitted = zip(logits, pictures).map { logits, picture in
      (confidence: Self.softmax(logits, temperature).max() ?? 0, isRight: picture.isRight)
    }
    errorAfter = Self.measure(fitted).error
  }

  private static func measure(_ answers: [(confidence: Double, isRight: Bool)]) -> (bands: [Band], error: Double) {
    var grouped = Array(repeating: (count: 0, sum: 0.0, right: 0), count: bandCount)
    for answer in answers {
      let band = min(bandCount - 1, max(0, Int(answer.confidence * Double(bandCount))))
      grouped[band].count += 1
      grouped[band].sum += answer.confidence
      grouped[band].right += answer.isRight ? 1 : 0
    }
    let bands = grouped.filter { $0.count > 0 }.map {
      Band(
        count: $0.count, confidence: $0.sum / Double($0.count), accuracy: Double($0.right) / Double($0.count))
    }
    let error = bands.reduce(0) { $0 + abs($1.confidence - $1.accuracy) * Double($1.count) } / Double(answers.count)
    return (bands, error)
  }

  private static func softmax(_ logits: [Double], _ temperature: Double) -> [Double] {
    let highest = logits.max() ?? 0
    let powers = logits.map { exp(($0 - highest) / temperature) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// The mean negative logarithm of what the true class is given.
  private static func surprise(_ logits: [[Double]], _ truths: [Int], temperature: Double) -> Double {
    zip(logits, truths).reduce(0) { $0 - log(max(softmax($1.0, temperature)[$1.1], 1e-300)) } / Double(truths.count)
  }

  /// Golden section search: the surprise has one minimum in the inverse of the temperature.
  private static func minimum(of function: (Double) -> Double) -> Double {
    let ratio = (5.0.squareRoot() - 1) / 2
    var (low, high) = (temperatures.lowerBound, temperatures.upperBound)
    var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
    var (atLeft, atRight) = (function(left), function(right))
    while high - low > 1e-4 {
      if atLeft <= atRight {
        (high, right, atRight) = (right, left, atLeft)
        left = high - ratio * (high - low)
        atLeft = function(left)
      } else {
        (low, left, atLeft) = (left, right, atRight)
        right = low + ratio * (high - low)
        atRight = function(right)
      }
    }
    return (low + high) / 2
  }
}
