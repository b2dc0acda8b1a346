import CKernels
import Testing

/// What the kernels compute is checked by the program in Tests/KernelCheck; here only the table is.
@Suite struct KernelTableTests {
  private static func availableFamilies() -> [UnsafePointer<maskd_kernels>] {
    var families = [UnsafePointer<maskd_kernels>?](repeating: nil, count: maskd_kernels_available(nil, 0))
    let count = families.withUnsafeMutableBufferPointer { maskd_kernels_available($0.baseAddress, $0.count) }
    return families.prefix(count).compactMap { $0 }
  }

  private static func name(_ family: UnsafePointer<maskd_kernels>) -> String {
    String(cString: family.pointee.family)
  }

  @Test func familiesStandBestFirst() {
    let order = ["avx512vnni", "avx2", "i8mm", "dotprod", "neon", "generic"]
    let names = Self.availableFamilies().map(Self.name)
    #expect(names.last == "generic")
    #expect(names == order.filter(names.contains))
    #expect(Set(names).count == names.count)
  }

  @Test func everyFamilyIsFoundByItsName() {
    for family in Self.availableFamilies() {
      #expect(maskd_kernels_named(Self.name(family)) == family)
    }
    #expect(maskd_kernels_named("generic") != nil)
    #expect(maskd_kernels_named("Generic") == nil)
    #expect(maskd_kernels_named("") == nil)
  }

  @Test func capacityLimitsWhatIsWritten() {
    let count = maskd_kernels_available(nil, 0)
    var families = [UnsafePointer<maskd_kernels>?](repeating: nil, count: count + 1)
    #expect(families.withUnsafeMutableBufferPointer { maskd_kernels_available($0.baseAddress, 1) } == count)
    #expect(families.map { $0 != nil } == [true] + [Bool](repeating: false, count: count))
  }

  @Test func everyFamilyHasEveryKernel() {
    for family in Self.availableFamilies() {
      #expect(family.pointee.gemm_s8 != nil && family.pointee.depthwise_s8 != nil)
      #expect(family.pointee.row_sums_s8 != nil && family.pointee.gemm_f32 != nil)
      #expect(family.pointee.depthwise_f32 != nil && family.pointee.add_s8 != nil && family.pointee.mul_s8 != nil)
      #expect(family.pointee.average_pool_s8 != nil && family.pointee.max_pool_s8 != nil)
    }
  }

  @Test func packedBlocksDivideTheColumnPadding() {
    for family in Self.availableFamilies() {
      for shape in [family.pointee.gemm_s8_shape, family.pointee.gemm_f32_shape] {
        #expect(shape.mr >= 1 && shape.kr >= 1)
        #expect(Int(MASKD_COLUMN_PAD) % Int(shape.nr) == 0)
      }
      #expect(family.pointee.gemm_f32_shape.weight_bytes == MemoryLayout<Float>.stride)
    }
  }

  @Test func packingPutsEachWeightInItsGroupAndPadsWithZero() {
    // Three columns, two taps, three depth values; weight = 1 + its index.
    var shape = maskd_gemm_shape(
      mr: 1, nr: 2, kr: 2, weight_bytes: 1, activation_offset: 0, is_dense: false, header_bytes: 0, has_pairs: false)
    let weights = (1...18).map(Int8.init)
    let expected: [Int8] = [
      1, 2, 7, 8, 3, 0, 9, 0, 4, 5, 10, 11, 6, 0, 12, 0,
      13, 14, 0, 0, 15, 0, 0, 0, 16, 17, 0, 0, 18, 0, 0, 0,
    ]
    #expect(maskd_packed_gemm_s8_bytes(&shape, 3, 2, 3) == expected.count)
    var packed = [Int8](repeating: -1, count: expected.count)
    var sums = [Int32](repeating: -1, count: 3)
    maskd_pack_gemm_s8(&shape, 0, 3, 2, 3, weights, &packed, &sums)
    #expect(packed == expected)
    #expect(sums == [21, 57, 93])

    shape.weight_bytes = 2
    var wide = [Int16](repeating: -1, count: expected.count)
    #expect(maskd_packed_gemm_s8_bytes(&shape, 3, 2, 3) == 2 * expected.count)
    maskd_pack_gemm_s8(&shape, 0, 3, 2, 3, weights, &wide, &sums)
    #expect(wide == expected.map(Int16.init))

    // All six values of a column as one tap, behind a header that says that no weight is -128.
    shape.weight_bytes = 1
    shape.is_dense = true
    shape.header_bytes = 4
    let dense: [Int8] = [
      0, 0, 0, 0, 1, 2, 7, 8, 3, 4, 9, 10, 5, 6, 11, 12, 13, 14, 0, 0, 15, 16, 0, 0, 17, 18, 0, 0,
    ]
    #expect(maskd_packed_gemm_s8_bytes(&shape, 3, 2, 3) == dense.count)
    packed = [Int8](repeating: -1, count: dense.count)
    maskd_pack_gemm_s8(&shape, 0, 3, 2, 3, weights, &packed, &sums)
    #expect(packed == dense)
  }

  /// Packed weights that say where activations lie, for rows of whole steps, with eight behind them, and so deep that
  /// they keep their order; in 32-bit words with one of them changed.
  @Test(arguments: [(taps: 1, depth: 96), (9, 10), (1, 88), (1, 577 * 16)])
  func placesOfActivationsAreNotBelieved(taps: Int, depth: Int) {
    var shape = maskd_gemm_shape(
      mr: 28, nr: 4, kr: 16, weight_bytes: 1, activation_offset: 0, is_dense: true, header_bytes: 16, has_pairs: true)
    let columns = 6
    let perColumn = taps * depth
    let weights = (0..<columns * perColumn).map { Int8(truncatingIfNeeded: $0 * 37 % 127 - 63) }
    let byteCount = maskd_packed_gemm_s8_bytes(&shape, columns, taps, depth)
    var words = [Int32](repeating: 0, count: byteCount / 4)
    var sums = [Int32](repeating: 0, count: columns)
    maskd_pack_gemm_s8(&shape, 0, columns, taps, depth, weights, &words, &sums)
    #expect(maskd_packed_gemm_s8_stays_inside(&shape, columns, taps, depth, words))
    let steps = (perColumn + 15) / 16
    let block = (byteCount - 16) / 2 / 4
    for start in [4, 4 + block] {
      // The counts of pairs and of steps that are left, the first place, and what leads from one to the next.
      for word in start..<start + 4 + steps {
        for change: Int32 in [1, -1, 16, 64, -64, 1 << 20, .min] {
          var forged = words
          forged[word] &+= change
          #expect(
            !maskd_packed_gemm_s8_stays_inside(&shape, columns, taps, depth, forged), "word \(word) and \(change)")
        }
        if steps > 576 && word > start + 8 { break }
      }
      // Weights may be any.
      var others = words
      others[start + block - 1] &+= 1
      #expect(maskd_packed_gemm_s8_stays_inside(&shape, columns, taps, depth, others))
    }
  }

  @Test func packedSizesThatOverflowAreSaid() {
    var shape = maskd_gemm_shape(
      mr: 1, nr: 16, kr: 4, weight_bytes: 1, activation_offset: 0, is_dense: false, header_bytes: 0, has_pairs: false)
    #expect(maskd_packed_gemm_s8_bytes(&shape, Int.max, 9, Int.max) == Int(bitPattern: UInt.max))
  }

  @Test func everyFamilySaysHowManyProductsItsPeakTook() throws {
    for family in Self.availableFamilies() {
      let measure = try #require(family.pointee.multiply_peak_s8)
      let (one, ten) = (measure(1), measure(10))
      #expect(one > 0 && ten == 10 * one, "\(Self.name(family))")
    }
  }
}
