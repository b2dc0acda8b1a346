/// A region, as `hello` describes it.
public struct RegionDescription: Sendable, Equatable {
  /// Its name, unique within the camera.
  public var name: String
  /// Its place as fractions of the picture, 0 … 1.
  public var x, y, width, height: Double

  /// Takes a name and a place; the default is the whole picture.
  public init(name: String, x: Double = 0, y: Double = 0, width: Double = 1, height: Double = 1) {
    self.name = name
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }
}

/// A camera, as `hello` describes it.
public struct CameraDescription: Sendable, Equatable {
  /// Its name, unique in the configuration.
  public var name: String
  /// Its device, file or directory, as configured.
  public var device: String
  /// The regions that are judged.
  public var regions: [RegionDescription]

  /// Takes every field.
  public init(name: String, device: String, regions: [RegionDescription]) {
    self.name = name
    self.device = device
    self.regions = regions
  }
}

/// The model in charge, as `hello` describes it.
public struct ActiveModel: Sendable, Equatable {
  /// The file's name without its suffix.
  public var name: String
  /// The hash of the file, hexadecimal.
  public var sha256: String
  /// Grows by one with each swap.
  public var generation: UInt64
  /// Its labels, in the order of its scores.
  public var labels: [String]

  /// Takes every field.
  public init(name: String, sha256: String, generation: UInt64, labels: [String]) {
    self.name = name
    self.sha256 = sha256
    self.generation = generation
    self.labels = labels
  }
}
