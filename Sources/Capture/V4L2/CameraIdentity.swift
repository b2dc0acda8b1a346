import CV4L2

/// What a camera says of itself: its name and the place where it is plugged in.
public struct CameraIdentity: Sendable, Hashable {
  /// The product's name, for example "HD Webcam C615".
  public let card: String
  /// The place, for example "usb-0000:00:14.0-2"; the same after a replug there, whatever the number of the node.
  public let busPlace: String
  /// The driver, for example "uvcvideo".
  public let driver: String

  /// Throws where the device does not capture by streaming.
  init(capturing device: VideoDevice) throws(CaptureError) {
    let capabilities = try device.capabilities()
    // A driver with several nodes says in device_caps what this one does.
    let hasDeviceCaps = capabilities.capabilities & UInt32(V4L2_CAP_DEVICE_CAPS) != 0
    let abilities = hasDeviceCaps ? capabilities.device_caps : capabilities.capabilities
    guard abilities & UInt32(V4L2_CAP_VIDEO_CAPTURE) != 0 else {
      throw .notACamera(device: device.path, why: "it captures no pictures")
    }
    guard abilities & UInt32(V4L2_CAP_STREAMING) != 0 else {
      throw .notACamera(device: device.path, why: "it does not stream")
    }
    card = Self.text(capabilities.card)
    busPlace = Self.text(capabilities.bus_info)
    driver = Self.text(capabilities.driver)
  }

  /// The text of a fixed C array, up to its zero or its end.
  private static func text<Bytes>(_ bytes: Bytes) -> String {
    withUnsafeBytes(of: bytes) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

extension CameraIdentity: CustomStringConvertible {
  /// For example `HD Webcam C615 (usb-0000:00:14.0-2)`.
  public var description: String { "\(card) (\(busPlace))" }
}

/// A camera that could be used.
public struct CameraListing: Sendable, Hashable {
  /// The device node.
  public let device: String
  /// What the camera says of itself.
  public let identity: CameraIdentity

  /// All cameras of this machine that capture by streaming and that this user may open, in the order of their nodes.
  public static func all() -> [CameraListing] { all(LinuxDeviceCalls()) }

  static func all(_ calls: any DeviceCalls) -> [CameraListing] {
    calls.videoNodes().compactMap { node in
      guard let device = try? VideoDevice(opening: node, calls: calls),
        let identity = try? CameraIdentity(capturing: device)
      else { return nil }
      return CameraListing(device: node, identity: identity)
    }
  }
}
