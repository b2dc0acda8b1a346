/// How scores over time become a state. Every setting has a default that suits a face in front of a door.
public struct DecisionSettings: Equatable, Sendable {
  /// Time constant of the exponential average of the scores. 0 judges each frame alone. Range 0 s … 60 s.
  public var timeConstant: Duration = .milliseconds(400)
  /// A label becomes the state when its average is at least this. Range 0.5 … 1.
  public var enter: Double = 0.7
  /// A label stops being the state when its average falls below this. Range 0 … `enter`.
  public var leave: Double = 0.55
  /// How long a new answer must last before it becomes the state. Range 0 s … 60 s.
  public var hold: Duration = .milliseconds(500)
  /// Frames that must be judged before the first state, whatever the frame rate. Range 1 … 100.
  public var minimumFrames: Int = 3
  /// Without a frame for longer than this, the state is `stale`. Range 0.1 s … 3600 s.
  public var staleAfter: Duration = .seconds(2)
  /// A region whose mean luma is below this is `dark`. 8-bit luma, range 0 … 255; 0 switches the check off.
  public var minimumLuma: Double = 16
  /// A region whose sharpness is below this is `blurred`. In the unit of the measure that the frame brings; 0 switches
  /// the check off.
  public var minimumSharpness: Double = 0
  /// A region whose shorter side has fewer pixels in the picture is `too_small`. 0 switches the check off.
  public var minimumSide: Int = 32

  /// The defaults.
  public init() {}

  /// The ranges of the settings, in seconds where they are times.
  public static let timeConstantRange: ClosedRange<Double> = 0...60
  /// The range of `enter`.
  public static let enterRange: ClosedRange<Double> = 0.5...1
  /// The range of `leave`; it must also not exceed `enter`.
  public static let leaveRange: ClosedRange<Double> = 0...1
  /// The range of `hold` in seconds.
  public static let holdRange: ClosedRange<Double> = 0...60
  /// The range of `minimumFrames`.
  public static let minimumFramesRange: ClosedRange<Int> = 1...100
  /// The range of `staleAfter` in seconds.
  public static let staleAfterRange: ClosedRange<Double> = 0.1...3600
  /// The range of `minimumLuma`.
  public static let minimumLumaRange: ClosedRange<Double> = 0...255
}
