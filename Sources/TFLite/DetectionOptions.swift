/// The settings of the custom operator TFLite_Detection_PostProcess: how boxes and scores become detections.
public struct DetectionOptions: Sendable, Equatable {
  /// Detections, each with one box, that are kept.
  public var maximumCount: Int
  /// Classes that are told for each detection (fast suppression).
  public var classesPerDetection: Int
  /// Detections of each class that are kept (regular suppression).
  public var countPerClass: Int
  /// Whether boxes are suppressed within each class by itself, instead of by their best class.
  public var isRegular: Bool
  /// The least score that counts.
  public var scoreThreshold: Float
  /// Of two boxes whose intersection over union is above this, the better one is kept.
  public var overlapThreshold: Float
  /// Classes without the background.
  public var classCount: Int
  /// What encoded centers and sizes are divided by: y, x, height, width.
  public var scales: [Float]

  /// The operator's name in files.
  public static let operatorName = "TFLite_Detection_PostProcess"

  /// Makes the settings; four scales.
  public init(
    maximumCount: Int, classesPerDetection: Int, countPerClass: Int, isRegular: Bool, scoreThreshold: Float,
    overlapThreshold: Float, classCount: Int, scales: [Float]
  ) {
    self.maximumCount = maximumCount
    self.classesPerDetection = classesPerDetection
    self.countPerClass = countPerClass
    self.isRegular = isRegular
    self.scoreThreshold = scoreThreshold
    self.overlapThreshold = overlapThreshold
    self.classCount = classCount
    self.scales = scales
  }
}

extension DetectionOptions {
  /// Reads the settings; as in TensorFlow Lite, numbers that are missing are 0, but for the detections of a class.
  init(_ map: FlexBufferMap) {
    func integer(_ name: String) -> Int {
      switch map.numbers[name] {
      case .integer(let value): Int(value)
      case .real(let value): Int(exactly: value.rounded(.towardZero)) ?? 0
      case .truth(let value): value ? 1 : 0
      case nil: 0
      }
    }
    func real(_ name: String) -> Float {
      switch map.numbers[name] {
      case .integer(let value): Float(value)
      case .real(let value): Float(value)
      case .truth(let value): value ? 1 : 0
      case nil: 0
      }
    }
    self.init(
      maximumCount: integer("max_detections"), classesPerDetection: integer("max_classes_per_detection"),
      countPerClass: map.numbers["detections_per_class"] == nil ? 100 : integer("detections_per_class"),
      isRegular: integer("use_regular_nms") != 0, scoreThreshold: real("nms_score_threshold"),
      overlapThreshold: real("nms_iou_threshold"), classCount: integer("num_classes"),
      scales: [real("y_scale"), real("x_scale"), real("h_scale"), real("w_scale")])
  }
}
