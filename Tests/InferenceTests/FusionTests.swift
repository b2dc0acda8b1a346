import ReferenceOperators
import TFLite
import Testing

@testable import Inference

/// Steps that are brought together in one: the results must be those of the plain engine, and of the same steps apart.
@Suite struct FusionTests {
  private func pick<Element>(_ elements: [Element], _ random: inout RandomModel) -> Element {
    elements[Int.random(in: elements.indices, using: &random.random)]
  }

  private func options(_ random: inout RandomModel, size: Int) -> ConvolutionOptions {
    let stride = size == 1 ? 1 : pick([1, 1, 2, 3], &random)
    return ConvolutionOptions(
      padding: pick([.same, .valid], &random), strideHeight: stride, strideWidth: pick([stride, 1], &random),
      dilationHeight: stride == 1 ? pick([1, 2], &random) : 1, dilationWidth: 1,
      activation: pick([.none, .relu, .relu6], &random))
  }

  private func convolve(
    _ source: Int, from depth: Int, to channels: Int, size: Int = 1, options: ConvolutionOptions? = nil,
    _ random: inout RandomModel
  ) -> Int {
    let weights = random.weights([channels, size, size, depth], axis: 0, isPerTensor: false)
    let plain = ConvolutionOptions(
      padding: .same, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: .none)
    return random.append(
      .convolution2D, .convolution(options ?? plain), [source, weights, random.bias(channels)],
      quantization: random.quantization(0.2))
  }

  private func convolveDepthwise(
    _ source: Int, channels: Int, size: Int, options: ConvolutionOptions, _ random: inout RandomModel
  ) -> Int {
    let weights = random.weights([1, size, size, channels], axis: 3, isPerTensor: false)
    return random.append(
      .depthwiseConvolution2D, .depthwiseConvolution(.init(convolution: options, depthMultiplier: 1)),
      [source, weights, random.bias(channels)], quantization: random.quantization(0.1))
  }

  private func compile(_ model: Model, family: String?, threads: Int = 1, fuses: Bool = true) throws -> Program {
    var options = CompilerOptions()
    options.kernelFamily = family
    options.threadCount = threads
    options.sharedWorkMin = 0
    options.fusedByteCountMin = fuses ? 0 : .max
    return try Program(compiling: model, options: options)
  }

  /// Compares the results of all families with those of the plain engine, with all layers apart and with them together,
  /// which must make a step of so many operators.
  private func compare(_ random: inout RandomModel, output: Int, fused count: Int, _ what: String) throws {
    let model = random.model(outputs: [output])
    let inputs = random.inputBytes()
    let expected = try ReferenceInterpreter(model: model).run(inputs: inputs)
    for family in families {
      let threads = Int.random(in: 1...4, using: &random.random)
      let together = try compile(model, family: family, threads: threads)
      #expect(together.stepDescriptions.map(\.operators.count).max() == count, "\(family): \(what)")
      #expect(run(Session(together), inputs: inputs) == expected, "\(family), \(threads) threads: \(what)")
      let apart = try compile(model, family: family, threads: threads, fuses: false)
      #expect(run(Session(apart), inputs: inputs) == expected, "\(family), apart: \(what)")
    }
  }

  @Test(arguments: [1, 3])
  func depthwiseBlocks(firstSize: Int) throws {
    for seed in 0..<12 as Range<UInt64> {
      var random = RandomModel(.int8, seed: 7000 + 100 * UInt64(firstSize) + seed)
      let depth = firstSize == 1 ? pick([3, 8, 21], &random) : 3
      let channels = pick([16, 33, 80], &random)
      let picture = random.input([pick([1, 1, 3], &random), pick([29, 36], &random), pick([31, 37], &random), depth])
      let first = convolve(
        picture, from: depth, to: channels, size: firstSize, options: options(&random, size: firstSize), &random)
      let size = pick([1, 2, 3, 5], &random)
      let window = options(&random, size: size)
      let middle = convolveDepthwise(first, channels: channels, size: size, options: window, &random)
      let last = convolve(middle, from: channels, to: pick([5, 24, 70], &random), &random)
      try compare(&random, output: last, fused: 3, "seed \(seed): \(depth), \(channels) channels, \(size), \(window)")
    }
  }

  @Test func pairsWithDepthwiseConvolutions() throws {
    for seed in 0..<8 as Range<UInt64> {
      var random = RandomModel(.int8, seed: 7400 + seed)
      let channels = pick([16, 33, 72], &random)
      let picture = random.input([2, 17, 20, channels])
      let window = options(&random, size: 3)
      if seed % 2 == 0 {
        let first = convolveDepthwise(picture, channels: channels, size: 3, options: window, &random)
        try compare(
          &random, output: convolve(first, from: channels, to: 19, &random), fused: 2, "seed \(seed): \(window)")
      } else {
        let first = convolve(picture, from: channels, to: channels, &random)
        let last = convolveDepthwise(first, channels: channels, size: 3, options: window, &random)
        try compare(&random, output: last, fused: 2, "seed \(seed): \(window)")
      }
    }
  }

  /// A sum that a depthwise convolution alone reads is no convolution's result: the two cannot be one step.
  @Test func depthwiseConvolutionsOfSums() throws {
    for seed in 0..<4 as Range<UInt64> {
      var random = RandomModel(.int8, seed: 7900 + seed)
      let channels = pick([16, 32], &random)
      let picture = random.input([1, 18, 20, channels])
      let first = convolve(picture, from: channels, to: channels, &random)
      let sum = random.append(
        .add, .arithmetic(activation: .relu6), [picture, first], quantization: random.quantization(0.2))
      let last = convolveDepthwise(
        sum, channels: channels, size: 3, options: options(&random, size: 3), &random)
      try compare(&random, output: last, fused: 2, "seed \(seed): \(channels) channels")
    }
  }

  /// With the sum of an inverted residual, on whichever side of it and whether it is added or taken away.
  @Test func invertedResiduals() throws {
    for seed in 0..<12 as Range<UInt64> {
      var random = RandomModel(.int8, seed: 7500 + seed)
      let (depth, channels) = (pick([8, 40], &random), pick([24, 65], &random))
      let picture = random.input([pick([1, 2], &random), 19, 22, depth])
      let window = ConvolutionOptions(
        padding: .same, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: .relu6)
      let start = convolve(picture, from: depth, to: depth, &random)
      let first = convolve(start, from: depth, to: channels, &random)
      let middle = convolveDepthwise(first, channels: channels, size: 3, options: window, &random)
      let last = convolve(middle, from: channels, to: depth, &random)
      let sum = random.append(
        seed % 3 == 0 ? .sub : .add, .arithmetic(activation: pick([.none, .relu], &random)),
        seed % 2 == 0 ? [start, last] : [last, start], quantization: random.quantization(0.2))
      try compare(&random, output: sum, fused: 4, "seed \(seed): \(depth), \(channels) channels")
    }
  }

  /// Sums behind other convolutions, some of them so wide that they are computed in panels. The two sides may both come
  /// from convolutions.
  @Test(arguments: [ElementType.int8, .uint8])
  func sumsBehindConvolutions(type: ElementType) throws {
    for seed in 0..<12 as Range<UInt64> {
      var random = RandomModel(type, seed: 7600 + seed)
      let (depth, channels) = (pick([8, 40, 300], &random), pick([7, 130, 260], &random))
      let (batches, height) = (pick([1, 2], &random), pick([5, 14], &random))
      let picture = random.input([batches, height, 9, depth])
      let size = depth < 100 ? pick([1, 3], &random) : 1
      let last = convolve(picture, from: depth, to: channels, size: size, &random)
      let other =
        seed % 2 == 0
        ? random.input([batches, height, 9, channels]) : convolve(picture, from: depth, to: channels, &random)
      let sum = random.append(
        .add, .arithmetic(activation: .relu), seed % 3 == 0 ? [other, last] : [last, other],
        quantization: random.quantization(0.3))
      try compare(&random, output: sum, fused: 2, "seed \(seed): \(depth) to \(channels), \(size)")
    }
  }

  /// What clients read, and what another operator reads too, is whole in memory.
  @Test func valuesWithOtherReadersStayWhole() throws {
    var random = RandomModel(.int8, seed: 7700)
    let picture = random.input([1, 18, 18, 8])
    let window = options(&random, size: 3)
    let first = convolve(picture, from: 8, to: 48, &random)
    let middle = convolveDepthwise(first, channels: 48, size: 3, options: window, &random)
    let last = convolve(middle, from: 48, to: 8, &random)
    let inputs = random.inputBytes()
    for outputs in [
      [last, first], [last, middle], [last, first, middle], [last, convolve(first, from: 48, to: 3, &random)],
    ] {
      let model = random.model(outputs: outputs)
      let expected = try ReferenceInterpreter(model: model).run(inputs: inputs)
      for family in families {
        #expect(try run(Session(compile(model, family: family, threads: 2)), inputs: inputs) == expected, "\(outputs)")
      }
    }
  }

  /// The arena has place for what goes in and what comes out, and for nothing between them.
  @Test func intermediateValuesTakeNoPlace() throws {
    var random = RandomModel(.int8, seed: 7800)
    let picture = random.input([1, 20, 20, 16])
    let window = ConvolutionOptions(
      padding: .same, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: .relu6)
    let first = convolve(picture, from: 16, to: 96, &random)
    let middle = convolveDepthwise(first, channels: 96, size: 3, options: window, &random)
    let last = convolve(middle, from: 96, to: 16, &random)
    let model = random.model(outputs: [last])
    // The family without an offset needs no other form of the picture.
    let fused = try compile(model, family: "generic")
    #expect(fused.arenaByteCount == 2 * 20 * 20 * 16)
    #expect(fused.stepDescriptions.map(\.kind) == ["DepthwiseBlock"])
    #expect(fused.stepDescriptions[0].operators.map(\.index) == [0, 1, 2])
    #expect(fused.stepDescriptions[0].multiplyCount == 20 * 20 * (16 * 96 + 9 * 96 + 96 * 16))
    #expect(fused.stepDescriptions[0].inputShapes == [[1, 20, 20, 16]])
    #expect(try compile(model, family: "generic", fuses: false).arenaByteCount > 2 * 20 * 20 * 96)
  }

  /// A sum takes the bytes of what it adds, but not where the convolution reads them as well.
  @Test func sumsTakeThePlaceOfTheirShortcut() throws {
    for readsShortcut in [false, true] {
      var random = RandomModel(.int8, seed: 7900)
      let picture = random.input([1, 16, 16, 32])
      let shortcut = convolve(picture, from: 32, to: 32, &random)
      let last = convolve(readsShortcut ? shortcut : picture, from: 32, to: 32, size: 3, &random)
      let sum = random.append(
        .add, .arithmetic(activation: .none), [last, shortcut], quantization: random.quantization(0.2))
      let end = convolve(sum, from: 32, to: 1, &random)
      let model = random.model(outputs: [end])
      let inputs = random.inputBytes()
      let program = try compile(model, family: "generic", threads: 3)
      // The last result is where the shortcut was, if that is free.
      #expect(program.arenaByteCount == (readsShortcut ? 3 * 32 : 2 * 32 + 1) * 16 * 16)
      #expect(run(Session(program), inputs: inputs) == (try ReferenceInterpreter(model: model).run(inputs: inputs)))
    }
  }
}
