import CKernels
import FixedPoint
import Glibc
import TFLite
import Testing

@testable import Inference

/// Packed weights that are kept in a file: taken where they fit, and never believed.
@Suite struct PackedWeightsCacheTests {
  private let folder = TemporaryFolder()
  private let bytes = Fixtures.bytes("goldens/detector_96_int8.tflite")
  private let input = (0..<96 * 96 * 3).map { UInt8(truncatingIfNeeded: $0 * 37 >> 2) }

  private var modelPath: String { folder.path + "/model.tflite" }

  /// A program of the model file, with the cache beside it.
  private func load(
    _ access: PackedWeightsCache.Access = .mapped, family: String = "generic", hash: [UInt8]? = nil
  ) throws -> Program {
    let descriptor = open(modelPath, O_RDONLY)
    defer { close(descriptor) }
    let model = try #require(ModelBytes(readingFrom: descriptor, count: bytes.count))
    var cache = PackedWeightsCache(path: modelPath, model: model, access: access) { hash ?? Self.hash($0) }
    cache.byteCountMin = 0
    var options = CompilerOptions()
    options.kernelFamily = family
    return try Program(compiling: try Model(parsing: model), options: options, cache: cache)
  }

  /// Stands in for SHA-256, which this room does not have.
  private static func hash(_ model: ModelBytes) -> [UInt8] {
    let sum = model.withUnsafeBytes(in: 0..<model.count) { Checksum.of($0) }
    return (0..<32).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt64($0 % 8))) }
  }

  private var cachePath: String { modelPath + ".generic.packed" }

  private func outputs(_ program: Program) -> [[UInt8]] { run(Session(program), inputs: [input]) }

  @Test(arguments: [PackedWeightsCache.Access.mapped, .copied], families)
  func whatWasKeptComputesTheSame(access: PackedWeightsCache.Access, family: String) throws {
    folder.write(bytes, to: modelPath)
    let packed = try load(access, family: family)
    #expect(!packed.hasCachedWeights)
    let kept = try load(access, family: family)
    #expect(kept.hasCachedWeights)
    #expect(kept.packedByteCount == packed.packedByteCount)
    #expect(outputs(kept) == outputs(packed))
    // No other family's weights are taken.
    for other in families where other != family { #expect(!(try load(access, family: other).hasCachedWeights)) }
  }

  @Test func theHashIsAskedForOnlyWhereTheFileIsAnother() throws {
    folder.write(bytes, to: modelPath)
    _ = try load()
    // The same file: a wrong hash changes nothing, for nobody asks for it.
    #expect(try load(hash: [UInt8](repeating: 0, count: 32)).hasCachedWeights)
    // Another file with the same bytes, by its hash.
    folder.write(bytes, to: modelPath)
    #expect(!(try load(hash: [UInt8](repeating: 0, count: 32)).hasCachedWeights))
    folder.write(bytes, to: modelPath)
    _ = try load()
    folder.write(bytes, to: modelPath)
    #expect(try load().hasCachedWeights)
  }

  @Test func anotherModelIsPackedAnew() throws {
    folder.write(bytes, to: modelPath)
    let before = outputs(try load())
    var other = bytes
    // A byte of weights: the largest constant's middle.
    let model = try Model(parsing: bytes)
    let weights = try #require(model.main.tensors.compactMap(\.constant).max { $0.count < $1.count })
    for position in weights { other[position] ^= 1 }
    folder.write(other, to: modelPath)
    let program = try load()
    #expect(!program.hasCachedWeights)
    #expect(outputs(program) != before)
    #expect(try load().hasCachedWeights)
  }

  /// What the file's end tells, and many bytes of the rest: either the program is packed anew, or nothing that matters
  /// changed.
  @Test func damageIsNoticedAndMended() throws {
    folder.write(bytes, to: modelPath)
    let good = outputs(try load())
    let cache = folder.read(cachePath)
    let told = 8 * 60
    let end = cache.count - told
    var positions = Array(stride(from: end, to: cache.count, by: 3)) + Array(stride(from: 0, to: end, by: 4_999))
    positions.append(cache.count - 1)
    var noticed = 0
    for position in positions {
      var damaged = cache
      damaged[position] ^= 0x10
      folder.write(damaged, to: cachePath)
      let program = try load(position.isMultiple(of: 2) ? .mapped : .copied)
      if program.hasCachedWeights { continue }
      noticed += 1
      if noticed.isMultiple(of: 20) {
        #expect(outputs(program) == good)
        #expect(try load().hasCachedWeights)
      }
    }
    // All of the first, and those of the rest that are no padding.
    #expect(noticed > told / 3)
    for count in [0, 1, 8, 200, cache.count / 2, end, cache.count - 8, cache.count - 1] {
      folder.write(Array(cache[..<count]), to: cachePath)
      let program = try load(.mapped)
      #expect(!program.hasCachedWeights)
      #expect(outputs(program) == good)
    }
  }

  /// A file that was made to be believed: its sums are right, what it holds is not.
  @Test func aForgeryCannotReachBeyondItsBytes() throws {
    folder.write(bytes, to: modelPath)
    let good = outputs(try load())
    let identity = try #require(FileIdentity(path: modelPath))
    let program = try #require(FileIdentity.program)
    func forge(_ constants: [AlignedMemory]) throws -> Program {
      let descriptor = open(cachePath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
      defer { close(descriptor) }
      #expect(
        CacheFile.write(
          constants, to: descriptor, model: identity, hash: [UInt8](repeating: 0, count: 32), engine: program,
          family: "generic"))
      return try load()
    }
    let real = try #require(try cachedConstants())
    // As many as there are, but smaller; too few; too many; shifts and multipliers that no kernel may be given.
    let small = real.map { _ in AlignedMemory(byteCount: 64) }
    let wild = real.map { constant in AlignedMemory(copying: [Int32](repeating: 77, count: constant.byteCount / 4)) }
    for constants in [small, Array(real.dropLast()), real + [AlignedMemory(byteCount: 64)], wild] {
      let found = try forge(constants)
      #expect(!found.hasCachedWeights)
      #expect(outputs(found) == good)
    }
    #expect(try forge(real).hasCachedWeights)
  }

  private func cachedConstants() throws -> [AlignedMemory]? {
    let descriptor = open(cachePath, O_RDONLY)
    defer { close(descriptor) }
    let file = try #require(CacheFile(reading: descriptor, byteCount: folder.read(cachePath).count))
    let stored = try #require(file.constants(from: descriptor, .copied))
    return stored.ranges.indices.compactMap { stored.constant($0, byteCount: stored.ranges[$0].count) }
  }

  @Test func whereNothingCanBeWrittenThereIsNoCache() throws {
    folder.write(bytes, to: modelPath)
    mkdir(cachePath, 0o755)
    let program = try load()
    #expect(!program.hasCachedWeights)
    #expect(!(try load().hasCachedWeights))
    #expect(folder.names == ["model.tflite", "model.tflite.generic.packed"])
    rmdir(cachePath)
  }

  @Test(arguments: families)
  func dynamicRangeWeightsAreKeptToo(family: String) throws {
    var random = RandomModel(.float32, seed: 5)
    let input = random.input([1, 8, 8, 16], nil)
    let scales = (0..<24).map { Float($0 + 1) * 0.001 }
    let quantization = Quantization(scales: scales, zeroPoints: scales.map { _ in 0 }, axis: 0)
    let weights = random.constant([24, 3, 3, 16], quantization, type: .int8)
    let options = ConvolutionOptions(
      padding: .same, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: .none)
    let convolved = random.append(
      .convolution2D, .convolution(options), [input, weights, random.constant([24], nil)], quantization: nil)
    let along = Quantization(scales: scales, zeroPoints: scales.map { _ in 0 }, axis: 3)
    let depthwise = random.append(
      .depthwiseConvolution2D, .depthwiseConvolution(.init(convolution: options, depthMultiplier: 1)),
      [convolved, random.constant([1, 3, 3, 24], along, type: .int8), nil], quantization: nil)
    let model = random.model(outputs: [depthwise])
    let inputs = random.inputBytes()
    var cache = PackedWeightsCache(path: modelPath, model: model.bytes, access: .mapped) { Self.hash($0) }
    cache.byteCountMin = 0
    var settings = CompilerOptions()
    settings.kernelFamily = family
    let packed = try Program(compiling: model, options: settings, cache: cache)
    let kept = try Program(compiling: model, options: settings, cache: cache)
    #expect(!packed.hasCachedWeights && kept.hasCachedWeights)
    #expect(run(Session(kept), inputs: inputs) == run(Session(packed), inputs: inputs))
  }

  /// Kernels take a shorter way where every shift is small: both must say so of the same layers.
  @Test(arguments: [-31, -23, -22, -1, 0])
  func whatWasKeptHasTheKernelsRoundTheSameWay(shift: Int) throws {
    let layer = QuantizedLayer(
      input: Affine(scale: 1, zeroPoint: 0), result: Affine(scale: 1, zeroPoint: 0), weightScales: [1, 1],
      weightZeroPoint: 0, isPerChannel: true, bias: nil, isLegacy: false, range: -128...127)
    let multipliers = [-5, shift].map { FixedPointMultiplier(real: 0.75 * exp2(Double($0))) }
    #expect(multipliers[1].shift == Int32(shift))
    let memory = AlignedMemory(byteCount: Requantization.byteCount(columns: 2))
    let packed = Requantization(
      bias: [0, 0], rescaling: .twice(multipliers), zeroPoint: 0, range: -128...127, hasOffset: false, in: memory)
    var constants = PackedConstants(expecting: 0)
    let kept = Requantization(
      filled: memory, columns: 2, rounding: MASKD_ROUND_TWICE, layer: layer, hasOffset: false, packed: &constants)
    #expect(constants.isFaithful)
    #expect(kept.parameters.shifts_right == packed.parameters.shifts_right)
    #expect(packed.parameters.shifts_right == (-22 ... -1).contains(shift))
  }

  @Test func smallModelsAreNotWorthAFile() throws {
    folder.write(Fixtures.bytes("models/mnist_cnn_int8.tflite"), to: modelPath)
    let small = Fixtures.bytes("models/mnist_cnn_int8.tflite")
    let cache = PackedWeightsCache(path: modelPath, model: ModelBytes(small), access: .copied) { Self.hash($0) }
    _ = try Program(compiling: Model(parsing: small), cache: cache)
    #expect(folder.names == ["model.tflite"])
  }

  /// As the daemon has it: bytes in memory, known by their hash alone.
  @Test func bytesWithoutAFileAreKnownByTheirHash() throws {
    func load(_ bytes: [UInt8]) throws -> Program {
      let model = ModelBytes(bytes)
      var cache = PackedWeightsCache(path: modelPath, model: model, access: .copied) { Self.hash($0) }
      cache.byteCountMin = 0
      return try Program(compiling: Model(parsing: model), cache: cache)
    }
    #expect(!(try load(bytes).hasCachedWeights))
    #expect(try load(bytes).hasCachedWeights)
    var other = bytes
    other[other.count / 2] ^= 1
    #expect(!(try load(other).hasCachedWeights))
  }

  @Test func theChecksumDependsOnEveryBitAndOnTheOrder() {
    // Two blocks of 32 bytes in each of four streams, and an end.
    let bytes = (0..<270).map { UInt8(truncatingIfNeeded: $0 * 31) }
    func sum(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { Checksum.of($0) } }
    let good = sum(bytes)
    #expect(sum(Array(bytes.dropLast())) != good && sum(bytes + [0]) != good)
    for position in bytes.indices {
      for bit in 0..<8 {
        var other = bytes
        other[position] ^= 1 << UInt8(bit)
        #expect(sum(other) != good, "byte \(position), bit \(bit)")
      }
    }
    // The highest bits of two words of one lane: sums of plain products would cancel them out.
    var twice = bytes
    twice[7] ^= 0x80
    twice[39] ^= 0x80
    #expect(sum(twice) != good)
    var swapped = bytes
    for index in 0..<8 { swapped.swapAt(index, 8 + index) }
    #expect(sum(swapped) != good)
  }
}

/// A folder that goes with this object.
private final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/maskd-cache-XXXXXX".utf8CString)
    path = mkdtemp(&template).map { String(cString: $0) } ?? "/nonexistent"
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// Writes a new file under the name, whatever was there.
  func write(_ bytes: [UInt8], to path: String) {
    unlink(path)
    guard let file = fopen(path, "wb") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "rb") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 8 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes[..<count])
  }

  var names: [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}

extension FileIdentity {
  fileprivate init?(path: String) {
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    self.init(descriptor)
  }
}
