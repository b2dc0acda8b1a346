/// What the file NAME.json beside NAME.tflite says of the model. `docs/models.md` describes it for people.
public struct Sidecar: Sendable, Equatable {
  /// The name of each output value, in order.
  public var labels: [String]?
  /// What the model expects of a picture.
  public var input: Input?
  /// What the output values are.
  public var scores: Scores?
  /// Where states are entered and left.
  public var thresholds: Thresholds?
  /// Inputs with the outputs that the model must give for them.
  public var goldens: [Golden]
  /// Who made the model.
  public var author: String?
  /// A text about the model.
  public var description: String?
  /// Under which licence it may be used.
  public var license: String?

  /// What the model expects of a picture; what is nil has its default.
  public struct Input: Sendable, Equatable {
    /// How 8-bit values become real numbers.
    public var normalization: Normalization?
    /// The order of the channels.
    public var channelOrder: ChannelOrder?
    /// How pixels are resampled.
    public var filter: Filter?
    /// How a region of another aspect is brought to the input's.
    public var fit: Fit?
  }

  /// How 8-bit values become the real numbers that the model was trained on.
  public enum Normalization: Sendable, Equatable {
    /// 0 becomes `low`, 255 becomes `high`.
    case range(low: Double, high: Double)
    /// `(value - mean) / standardDeviation`, one of each for all channels or one for each.
    case standardized(mean: [Double], standardDeviation: [Double])
  }

  /// The order of the channels.
  public enum ChannelOrder: String, Sendable, CaseIterable {
    case rgb, bgr
  }

  /// How pixels are resampled.
  public enum Filter: String, Sendable, CaseIterable {
    case triangle, bilinear, nearest
  }

  /// How a region of another aspect is brought to the input's.
  public enum Fit: String, Sendable, CaseIterable {
    case stretch, crop
  }

  /// What the output values are.
  public enum Scores: String, Sendable, CaseIterable {
    /// 0…1, to be taken as they are.
    case probabilities
    /// Logarithms of probabilities.
    case logProbabilities = "log_probabilities"
    /// Any numbers, of which softmax (or with one value: the logistic function) makes probabilities.
    case logits
  }

  /// Where states are entered and left.
  public struct Thresholds: Sendable, Equatable {
    /// 0.5…1.
    public var enter: Double
    /// 0…`enter`.
    public var leave: Double
  }

  /// An input, made by a rule, with the output that the model must give for it.
  public struct Golden: Sendable, Equatable {
    /// The seed of the SplitMix64 stream that fills the input.
    public var seed: UInt64
    /// The raw values of the output, as the model's type has them.
    public var output: [Double]
    /// How far each value may be off.
    public var tolerance: Double
  }

  /// Goldens in one file.
  static let goldensMax = 16
}
