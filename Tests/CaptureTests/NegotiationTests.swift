import CV4L2
import Glibc
import Imaging
import Testing

@testable import Capture

@Suite struct NegotiationTests {
  private func negotiate(
    _ formats: [ScriptedCamera.Format], _ settings: CameraSettings = CameraSettings(),
    amend: @escaping (inout v4l2_pix_format) -> Void = { _ in }
  ) throws -> NegotiatedFormat {
    let camera = ScriptedCamera()
    camera.formats = formats
    camera.amend = amend
    let devices = ScriptedDevices(["/dev/video0": camera])
    let device = try VideoDevice(opening: "/dev/video0", calls: devices)
    return try NegotiatedFormat(on: device, wish: FormatWish(settings))
  }

  @Test func rawIsTakenWhereBothAreAsGood() throws {
    let agreed = try negotiate([.init(code: .mjpeg, rates: [30]), .init(code: .yuyv, rates: [30])])
    #expect(agreed.picture == PictureFormat(pixelFormat: .yuyv, width: 640, height: 480))
  }

  @Test func mjpegIsTakenWhereRawIsTooSlow() throws {
    let formats: [ScriptedCamera.Format] = [.init(code: .yuyv, rates: [5, 10]), .init(code: .mjpeg, rates: [15, 30])]
    let agreed = try negotiate(formats, CameraSettings(rate: 30))
    #expect(agreed.picture.pixelFormat == .jpeg)
    #expect(agreed.picture.bytesPerRow == 0)
    #expect(agreed.frameInterval == 33_333)
  }

  @Test func theNearestSizeIsTakenAndRatherTooLargeThanTooSmall() throws {
    let format = ScriptedCamera.Format(code: .yuyv, sizes: [(320, 240), (800, 600), (1_920, 1_080)])
    #expect(try negotiate([format]).picture.width == 800)
    #expect(try negotiate([format], CameraSettings(width: 1_280)).picture.width == 1_920)
    #expect(try negotiate([format], CameraSettings(width: 320, height: 240)).picture.width == 320)
  }

  @Test func onlyConfiguredFormatsAreTakenInTheirOrder() throws {
    let formats: [ScriptedCamera.Format] = [.init(code: .yuyv), .init(code: .mjpeg), .init(code: .nv12)]
    #expect(try negotiate(formats, CameraSettings(formats: [.mjpeg, .nv12])).picture.pixelFormat == .jpeg)
    #expect(try negotiate(formats, CameraSettings(formats: [.nv12, .mjpeg])).picture.pixelFormat == .nv12)
  }

  @Test func greyIsForCamerasWithoutColour() throws {
    let emulated = ScriptedCamera.Format(code: .rgb24, isEmulated: true)
    #expect(try negotiate([.init(code: .grey), emulated]).picture.pixelFormat == .rgb24)
    #expect(try negotiate([.init(code: .grey)]).picture.pixelFormat == .grey)
  }

  @Test func whateverElseIsConvertedByTheLibrary() throws {
    let formats: [ScriptedCamera.Format] = [.init(code: FourCC("BA81")), .init(code: .rgb24, isEmulated: true)]
    let agreed = try negotiate(formats)
    #expect(agreed.picture == PictureFormat(pixelFormat: .rgb24, width: 640, height: 480, color: .jfif))
  }

  @Test func nothingToTakeNamesWhatThereIs() throws {
    let error = try #require(throws: CaptureError.self) {
      try negotiate([.init(code: FourCC("H264")), .init(code: FourCC(rawValue: 0x0102_5A41))])
    }
    #expect(error == .unsupportedFormat(device: "/dev/video0", offered: "H264, AZ??"))
    #expect(error.reason == .unsupported)
  }

  @Test func aStrideOfTheDriverIsKeptAndAnImpossibleOneRefused() throws {
    let padded = try negotiate([.init(code: .yuyv)]) { $0.bytesperline = 1_344 }
    #expect(padded.picture.bytesPerRow == 1_344)
    #expect(padded.picture.byteCountMin == 1_344 * 479 + 1_280)
    for (width, stride) in [(640, 1_279), (0, 1_280), (70_000, 140_000)] as [(UInt32, UInt32)] {
      let error = #expect(throws: CaptureError.self) {
        try negotiate([.init(code: .yuyv)]) { ($0.width, $0.bytesperline) = (width, stride) }
      }
      #expect(error?.reason == .deviceError)
    }
  }

  @Test func bothFieldsInOnePictureAreRefused() {
    #expect(throws: CaptureError.unsupportedFormat(device: "/dev/video0", offered: "YUYV")) {
      try negotiate([.init(code: .yuyv)]) { $0.field = V4L2_FIELD_SEQ_TB.rawValue }
    }
  }

  @Test func aBufferTooSmallForItsFrameIsRefused() throws {
    let camera = ScriptedCamera()
    camera.bufferLength = 614_399
    let devices = ScriptedDevices(["/dev/video0": camera])
    let run = try CameraRun(devices)
    run.run(milliseconds: 100)
    #expect(run.story == ["lost device_error"])
    #expect(run.events[0].detail.contains("buffer 0 has 614399 bytes, a frame needs 614400"))
    run.expectClean()
  }

  @Test(arguments: [0, 1, 33]) func aSillyNumberOfBuffersIsRefused(count: Int) throws {
    let camera = ScriptedCamera()
    camera.grant = { _ in count }
    let run = try CameraRun(ScriptedDevices(["/dev/video0": camera]))
    run.run(milliseconds: 100)
    #expect(run.story == ["lost device_error"])
    run.expectClean()
  }

  @Test func aLoopbackDeviceThatKeepsItsFormatIsTakenAsItIs() throws {
    let devices = ScriptedDevices(["/dev/video0": ScriptedCamera()])
    let device = try VideoDevice(opening: "/dev/video0", calls: devices)
    _ = try NegotiatedFormat(on: device, wish: FormatWish(CameraSettings()))
    devices.requestFailures[.setFormat] = (EBUSY, 1)
    let agreed = try NegotiatedFormat(on: device, wish: FormatWish(CameraSettings(width: 320, height: 240)))
    #expect(agreed.picture.width == 640)
  }

  @Test func listsThatNeverEndAreReadToALimit() throws {
    let sizes = (1...1_000).map { (width: $0, height: $0) }
    let formats = (0..<1_000).map { _ in ScriptedCamera.Format(code: .grey, sizes: sizes) }
    let camera = ScriptedCamera()
    camera.formats = formats
    let devices = ScriptedDevices(["/dev/video0": camera])
    let device = try VideoDevice(opening: "/dev/video0", calls: devices)
    let agreed = try NegotiatedFormat(on: device, wish: FormatWish(CameraSettings()))
    #expect(agreed.picture.width == 256)
    #expect(devices.callCount < 64 * 258 + 10)
  }
}

@Suite struct DriverColorTests {
  private func pixels(
    _ colorspace: v4l2_colorspace, _ encoding: v4l2_ycbcr_encoding = V4L2_YCBCR_ENC_DEFAULT,
    _ quantization: v4l2_quantization = V4L2_QUANTIZATION_DEFAULT
  ) -> v4l2_pix_format {
    var pixels = v4l2_pix_format()
    pixels.priv = UInt32(V4L2_PIX_FMT_PRIV_MAGIC)
    pixels.colorspace = colorspace.rawValue
    pixels.ycbcr_enc = encoding.rawValue
    pixels.quantization = quantization.rawValue
    return pixels
  }

  @Test func defaultsFollowTheColorspace() {
    let expected: [(v4l2_colorspace, ColorEncoding)] = [
      (V4L2_COLORSPACE_DEFAULT, ColorEncoding(matrix: .bt601, range: .limited)),
      (V4L2_COLORSPACE_SRGB, ColorEncoding(matrix: .bt601, range: .limited)),
      (V4L2_COLORSPACE_SMPTE170M, ColorEncoding(matrix: .bt601, range: .limited)),
      (V4L2_COLORSPACE_JPEG, ColorEncoding(matrix: .bt601, range: .full)),
      (V4L2_COLORSPACE_REC709, ColorEncoding(matrix: .bt709, range: .limited)),
      (V4L2_COLORSPACE_DCI_P3, ColorEncoding(matrix: .bt709, range: .limited)),
      (V4L2_COLORSPACE_BT2020, ColorEncoding(matrix: .bt2020, range: .limited)),
    ]
    for (colorspace, color) in expected { #expect(ColorEncoding(of: pixels(colorspace), for: .yuyv) == color) }
  }

  @Test func whatTheDriverSaysWins() {
    let said = pixels(V4L2_COLORSPACE_SRGB, V4L2_YCBCR_ENC_709, V4L2_QUANTIZATION_FULL_RANGE)
    #expect(ColorEncoding(of: said, for: .nv12) == ColorEncoding(matrix: .bt709, range: .full))
    let limited = pixels(V4L2_COLORSPACE_JPEG, V4L2_YCBCR_ENC_BT2020, V4L2_QUANTIZATION_LIM_RANGE)
    #expect(ColorEncoding(of: limited, for: .yuyv) == ColorEncoding(matrix: .bt2020, range: .limited))
  }

  @Test func fieldsThatTheDriverDoesNotKnowAreNotRead() {
    var old = pixels(V4L2_COLORSPACE_SRGB, V4L2_YCBCR_ENC_709, V4L2_QUANTIZATION_FULL_RANGE)
    old.priv = 0
    #expect(ColorEncoding(of: old, for: .yuyv) == ColorEncoding(matrix: .bt601, range: .limited))
  }
}
