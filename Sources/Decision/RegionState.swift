/// Why a region cannot be judged. The raw values are stable words of the protocol.
public enum Reason: String, Sendable, CaseIterable {
  /// No label's average reaches the threshold.
  case unsure
  /// Too little light.
  case dark
  /// Too little detail: moved, or out of focus.
  case blurred
  /// Nobody is there.
  case noFace = "no_face"
  /// The region has too few pixels.
  case tooSmall = "too_small"
  /// Too few frames yet.
  case settling
  /// No frame for longer than `staleAfter`.
  case stale
  /// The camera is gone.
  case cameraLost = "camera_lost"
  /// The frames of this region are shed.
  case overload
}

/// The answer for a region: one of the model's labels, or that it cannot be judged and why.
public enum RegionState: Equatable, Sendable {
  /// A label of the model.
  case label(String)
  /// No honest answer can be given.
  case indeterminate(Reason)

  /// The word of the protocol: the label, or `indeterminate`.
  public var name: String {
    switch self {
    case .label(let label): label
    case .indeterminate: "indeterminate"
    }
  }

  /// The reason; nil where the state is a label.
  public var reason: Reason? {
    switch self {
    case .label: nil
    case .indeterminate(let reason): reason
    }
  }
}

/// A region's state has changed.
public struct StateChange: Equatable, Sendable {
  /// The state until now.
  public let previous: RegionState
  /// The state from now on.
  public let state: RegionState
  /// When what led to the change began, µs of CLOCK_MONOTONIC: earlier than the change by the time that it was held.
  public let since: UInt64
  /// The average score of the state's label, or the highest average where the state is no label; nil without any.
  public let score: Double?
}

/// What is known about the picture that the scores come from.
public struct FrameQuality: Equatable, Sendable {
  /// Mean luma of the region, 0 … 255.
  public var meanLuma: Double
  /// Sharpness of the region, in the unit of `DecisionSettings.minimumSharpness`.
  public var sharpness: Double
  /// The shorter side of the region in pixels of the camera's picture.
  public var shortSide: Int

  /// Takes the measures of one frame.
  public init(meanLuma: Double, sharpness: Double, shortSide: Int) {
    self.meanLuma = meanLuma
    self.sharpness = sharpness
    self.shortSide = shortSide
  }
}
