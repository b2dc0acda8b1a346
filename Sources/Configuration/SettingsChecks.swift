/// What cannot be said of one key alone.
struct SettingsChecks {
  private let settings: Settings
  private let places: [String: Reading.Place]
  private var errors: [ConfigurationError] = []

  static func errors(of settings: Settings, places: [String: Reading.Place]) -> [ConfigurationError] {
    var checks = SettingsChecks(settings: settings, places: places)
    checks.checkNames(settings.cameras.map(\.name), "cameras")
    checks.checkDevices()
    for (index, camera) in settings.cameras.enumerated() { checks.checkCamera(camera, "cameras[\(index)]") }
    checks.checkThresholds()
    checks.checkDirectories()
    return checks.errors
  }

  private init(settings: Settings, places: [String: Reading.Place]) {
    self.settings = settings
    self.places = places
  }

  private mutating func checkNames(_ names: [String], _ list: String) {
    var first: [String: Int] = [:]
    for (index, name) in names.enumerated() {
      if let other = first[name] {
        refuse("\(list)[\(index)].name", "\(name) is the name of \(list)[\(other)] already; give each its own")
      } else {
        first[name] = index
      }
    }
  }

  private mutating func checkDevices() {
    var first: [Settings.Device: Int] = [:]
    for (index, camera) in settings.cameras.enumerated() {
      guard case .device(let device) = camera.source else { continue }
      if let other = first[device] {
        let text = Kind<Settings.Device>.device.render(device)
        refuse("cameras[\(index)].device", "\(text) is the device of cameras[\(other)] already; name another one")
      } else {
        first[device] = index
      }
    }
  }

  private mutating func checkCamera(_ camera: Settings.Camera, _ key: String) {
    checkNames(camera.regions.map(\.name), "\(key).regions")
    for (index, region) in camera.regions.enumerated() {
      let place = "\(key).regions[\(index)]"
      // Fractions such as 0.1 + 0.9 may exceed 1 by a rounding.
      let most = 1 + 1e-9
      if region.x + region.width > most { refuse("\(place).width", "x + width is more than 1, beyond the frame") }
      if region.y + region.height > most { refuse("\(place).height", "y + height is more than 1, beyond the frame") }
    }
    guard let replay = camera.replay else { return }
    if replay.path.isEmpty { refuse("\(key).replay.path", "a replay needs the path of a directory or a file") }
    for name in ["device", "width", "height", "rate", "formats"] where places["\(key).\(name)"] != nil {
      refuse("\(key).\(name)", "a camera with replay has no device; remove \(name) or replay")
    }
  }

  private mutating func checkThresholds() {
    guard let upper = settings.decision.upperThreshold, let lower = settings.decision.lowerThreshold, lower > upper
    else { return }
    let key = "decision.lower_threshold"
    refuse(key, "\(plain(lower)) is above upper_threshold, \(plain(upper)); it must be at most that")
  }

  private mutating func checkDirectories() {
    let store = settings.models.stateDirectory + "/store"
    if settings.models.directory == store || settings.models.directory.hasPrefix(store + "/") {
      refuse("models.directory", "models are kept by their hash in \(store); name another directory to drop them into")
    }
  }

  /// Names the file and line of the key, or of the nearest key above it that is set.
  private mutating func refuse(_ key: String, _ problem: String) {
    var known = key[...]
    while places[String(known)] == nil, let end = known.lastIndex(where: { $0 == "." || $0 == "[" }) {
      known = known[..<end]
    }
    let place = places[String(known)]
    errors.append(
      ConfigurationError(file: place?.file ?? "defaults", line: place?.line, key: key, problem: problem))
  }
}
