import TFLite

extension OperatorCall {
  /// CAST: the stored numbers in another type. Integers keep their low bits, floats are cut off towards zero and held
  /// within the type; what is not a number becomes the largest integer.
  func cast() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    guard let type = outputs.first?.type else { throw malformed("it has no result") }
    switch (input.elements, type) {
    case (.reals, .float32): return [try result(type: type, shape: input.shape, elements: input.elements)]
    case (.integers(let values), .float32):
      return [try result(type: type, shape: input.shape, elements: .reals(values.map { Float($0) }))]
    case (.integers(let values), .bool):
      return [try result(type: type, shape: input.shape, elements: .integers(values.map { $0 != 0 ? 1 : 0 }))]
    case (.reals(let values), .bool):
      return [try result(type: type, shape: input.shape, elements: .integers(values.map { $0 != 0 ? 1 : 0 }))]
    default: break
    }
    guard let range = type.integerRange, let size = type.byteCount else {
      throw unsupported("a result of type \(type)")
    }
    let values: [Int] =
      switch input.elements {
      case .integers(let values): values.map { Self.lowBits($0, size, isSigned: range.lowerBound < 0) }
      case .reals(let values):
        values.map { value in
          if value.isNaN { return range.upperBound }
          let whole = Double(value).rounded(.towardZero)
          if whole >= Double(range.upperBound) { return range.upperBound }
          return whole <= Double(range.lowerBound) ? range.lowerBound : Int(whole)
        }
      }
    return [try result(type: type, shape: input.shape, elements: .integers(values))]
  }

  private static func lowBits(_ value: Int, _ size: Int, isSigned: Bool) -> Int {
    let unused = Int.bitWidth - 8 * size
    return isSigned ? (value << unused) >> unused : Int(bitPattern: UInt(bitPattern: value << unused) >> UInt(unused))
  }
}
