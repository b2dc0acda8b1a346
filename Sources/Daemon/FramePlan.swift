import Capture
import Configuration
import Decision
import Imaging

/// What the frame thread judges: the cameras with their regions, and where their frames come from.
struct FramePlan: Sendable {
  /// A camera and its regions.
  struct Camera: Sendable {
    let name: String
    let regions: [Region]
  }

  /// A region and how its scores become a state.
  struct Region: Sendable {
    let name: String
    let area: Imaging.Region
    let minimumSide: Int
  }

  /// Frames of the cameras, by the number of the camera.
  let exchange: FrameExchange
  let cameras: [Camera]
  let decision: Settings.Decision
}

extension FramePlan {
  /// The plan of a configuration. The exchange has a slot for each of its cameras.
  init(_ settings: Settings, exchange: FrameExchange) {
    self.exchange = exchange
    decision = settings.decision
    cameras = settings.cameras.map { camera in
      Camera(
        name: camera.name,
        regions: camera.regions.map { region in
          Region(
            name: region.name,
            area: Imaging.Region(x: region.x, y: region.y, width: region.width, height: region.height),
            minimumSide: region.minPixels)
        })
    }
  }

  /// The settings of one region's decision: the configuration's, and where it is silent the model's.
  func decisionSettings(for region: Region, modelThresholds: (upper: Double, lower: Double)?) -> DecisionSettings {
    var settings = DecisionSettings()
    settings.enter = decision.upperThreshold ?? modelThresholds?.upper ?? settings.enter
    settings.leave = decision.lowerThreshold ?? modelThresholds?.lower ?? settings.leave
    settings.leave = min(settings.leave, settings.enter)
    settings.timeConstant = decision.smoothing
    settings.hold = decision.hold
    settings.minimumFrames = decision.settleFrames
    settings.staleAfter = decision.staleAfter
    settings.minimumLuma = decision.darkBelow
    settings.minimumSharpness = decision.blurredBelow
    settings.minimumSide = region.minimumSide
    return settings
  }
}
