/// What is known now: what `hello` and `snapshot` tell.
struct Board: Sendable {
  struct RegionEntry: Sendable {
    let camera, region: String
    var state: StateMessage
  }

  struct CameraEntry: Sendable {
    var message: CameraMessage
    /// µs since 1970.
    var time: UInt64
  }

  struct Drop: Sendable {
    var message: ModelMessage
    /// µs since 1970.
    var time: UInt64
  }

  /// Drops that are remembered.
  static let maximumDrops = 16

  private(set) var cameras: [CameraDescription] = []
  private(set) var regions: [RegionEntry] = []
  /// The last event of each camera, in the order of `cameras`; nil where none came yet.
  private(set) var cameraEvents: [CameraEntry?] = []
  private(set) var model: ActiveModel?
  private(set) var modelPhase = "committed"
  /// The last step of each of the newest drops, oldest first.
  private(set) var drops: [Drop] = []

  /// Takes the configured cameras; a region that stays keeps its state.
  mutating func setCameras(_ new: [CameraDescription], at monotonic: UInt64) {
    let oldRegions = regions
    let oldEvents = Dictionary(
      zip(cameras.map(\.name), cameraEvents), uniquingKeysWith: { first, _ in first })
    cameras = new
    cameraEvents = new.map { oldEvents[$0.name] ?? nil }
    regions = new.flatMap { camera in
      camera.regions.map { region in
        oldRegions.first { $0.camera == camera.name && $0.region == region.name }
          ?? RegionEntry(
            camera: camera.name, region: region.name,
            state: StateMessage(
              camera: camera.name, region: region.name, state: "indeterminate", reason: "settling",
              previous: "indeterminate", since: monotonic, generation: model?.generation ?? 0))
      }
    }
  }

  /// Takes the model in charge. Its phase is the one of its drop where there was one.
  mutating func setModel(_ new: ActiveModel) {
    model = new
    modelPhase = drops.last { $0.message.isStep(of: new) }?.message.phase ?? "committed"
  }

  /// Takes what a message says. Regions and cameras that are not configured are left out.
  mutating func take(_ message: Message, realtime: UInt64) {
    switch message {
    case .state(let state):
      for index in regions.indices
      where regions[index].region == state.region && regions[index].camera == state.camera {
        regions[index].state = state
      }
    case .camera(let camera):
      for index in cameras.indices where cameras[index].name == camera.camera {
        cameraEvents[index] = CameraEntry(message: camera, time: realtime)
      }
    case .model(let step):
      take(step, realtime: realtime)
    case .result, .overload: break
    }
  }

  private mutating func take(_ step: ModelMessage, realtime: UInt64) {
    if let model, step.isStep(of: model) { modelPhase = step.phase }
    drops.removeAll { drop in
      drop.message.name == step.name && (drop.message.sha256 == nil || drop.message.sha256 == step.sha256)
    }
    drops.append(Drop(message: step, time: realtime))
    if drops.count > Self.maximumDrops { drops.removeFirst() }
  }
}

extension ModelMessage {
  /// Whether this is said of the model in charge. A file with its bytes may be dropped again with another sidecar, and
  /// be refused: that is another drop.
  fileprivate func isStep(of model: ActiveModel) -> Bool {
    generation == model.generation && phase != "rejected"
  }
}
