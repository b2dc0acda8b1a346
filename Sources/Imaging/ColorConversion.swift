/// Y, U, V to R, G, B in fixed point with 13 fraction bits: within 1 of exact arithmetic. 13 bits keep the factors
/// within 16 bits, so that vector units can multiply 16 x 16 to 32.
struct ColorConversion {
  static let fractionBits: Int32 = 13

  let luma: Int16
  let redV: Int16
  let greenU: Int16
  let greenV: Int16
  let blueU: Int16
  /// What the offsets of Y, U and V (16 or 0, 128, 128) add, and one half for rounding.
  let redBias: Int32
  let greenBias: Int32
  let blueBias: Int32
  let lumaBias: Int32

  init(_ color: ColorEncoding) {
    // Kr and Kb of ITU-R BT.601, BT.709 and BT.2020.
    let (kr, kb) =
      switch color.matrix {
      case .bt601: (0.299, 0.114)
      case .bt709: (0.2126, 0.0722)
      case .bt2020: (0.2627, 0.0593)
      }
    let kg = 1 - kr - kb
    let isLimited = color.range == .limited
    let lumaGain = isLimited ? 255.0 / 219 : 1
    let chromaGain = isLimited ? 255.0 / 224 : 1
    let luma = Self.fixed(lumaGain)
    let redV = Self.fixed(2 * (1 - kr) * chromaGain)
    let greenU = Self.fixed(-2 * kb * (1 - kb) / kg * chromaGain)
    let greenV = Self.fixed(-2 * kr * (1 - kr) / kg * chromaGain)
    let blueU = Self.fixed(2 * (1 - kb) * chromaGain)
    lumaBias = (1 << (Self.fractionBits - 1)) - (isLimited ? 16 : 0) * Int32(luma)
    redBias = lumaBias - 128 * Int32(redV)
    greenBias = lumaBias - 128 * (Int32(greenU) + Int32(greenV))
    blueBias = lumaBias - 128 * Int32(blueU)
    (self.luma, self.redV, self.greenU, self.greenV, self.blueU) = (luma, redV, greenU, greenV, blueU)
  }

  private static func fixed(_ value: Double) -> Int16 {
    Int16((value * Double(1 << fractionBits)).rounded())
  }

  /// What the chroma of two neighbours adds to their red, green and blue.
  @inline(__always)
  func chroma(u: UInt8, v: UInt8) -> (red: Int32, green: Int32, blue: Int32) {
    let (u, v) = (Int32(Int16(u)), Int32(Int16(v)))
    return (
      redBias &+ v &* Int32(redV),
      greenBias &+ u &* Int32(greenU) &+ v &* Int32(greenV),
      blueBias &+ u &* Int32(blueU)
    )
  }

  /// A pixel as four bytes R, G, B, 0 in the order of memory (little endian, as all platforms of Swift on Linux).
  @inline(__always)
  func pixel(y: UInt8, chroma: (red: Int32, green: Int32, blue: Int32)) -> UInt32 {
    let y = Int32(Int16(y)) &* Int32(luma)
    let red = Self.byte(y &+ chroma.red)
    let green = Self.byte(y &+ chroma.green)
    let blue = Self.byte(y &+ chroma.blue)
    return red | green &<< 8 | blue &<< 16
  }

  /// Luma stretched to 0…255.
  @inline(__always)
  func grey(y: UInt8) -> UInt8 {
    UInt8(truncatingIfNeeded: Self.byte(Int32(Int16(y)) &* Int32(luma) &+ lumaBias))
  }

  @inline(__always)
  private static func byte(_ value: Int32) -> UInt32 {
    UInt32(bitPattern: min(max(value &>> fractionBits, 0), 255))
  }

  /// The luma of a colour by BT.601, with the weights and the rounding of Pillow's conversion to "L".
  @inline(__always)
  static func luma(red: UInt8, green: UInt8, blue: UInt8) -> UInt8 {
    let sum = UInt32(red) &* 19_595 &+ UInt32(green) &* 38_470 &+ UInt32(blue) &* 7_471 &+ 32_768
    return UInt8(truncatingIfNeeded: sum &>> 16)
  }
}
