import Inference
import TFLite
import Testing

/// What cannot be run is refused in a sentence that names the operator.
@Suite struct CompilationErrorTests {
  private func failure(_ model: Model, _ options: CompilerOptions = .init()) -> CompilationError? {
    do {
      _ = try Program(compiling: model, options: options)
      return nil
    } catch {
      return error
    }
  }

  private var window: ConvolutionOptions {
    ConvolutionOptions(
      padding: .valid, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: .none)
  }

  @Test func unknownOperators() {
    var random = RandomModel(.float32, seed: 1)
    let source = random.input([2, 3])
    let sum = random.append(.add, .arithmetic(activation: .none), [source, source], quantization: nil)
    let result = random.append(.fakeQuant, [sum], quantization: nil)
    let error = failure(random.model(outputs: [result]))
    #expect(error?.reason == "unknown_operator")
    #expect(error?.description == "operator 1 is FAKE_QUANT, which this engine does not compute")
  }

  @Test func shapesThatDoNotFit() {
    var random = RandomModel(.int8, seed: 2)
    let source = random.input([1, 4, 4, 3])
    let weights = random.weights([8, 3, 3, 5], axis: 0, isPerTensor: false)
    let result = random.append(
      .convolution2D, .convolution(window), [source, weights, nil], quantization: random.quantization(0.1))
    let error = failure(random.model(outputs: [result]))
    #expect(error?.reason == "shape_mismatch")
    #expect(
      error?.description
        == "operator 0 (CONV_2D): weights of shape [8, 3, 3, 5] do not fit a picture of 3 channels")
  }

  @Test func windowsLargerThanThePicture() {
    var random = RandomModel(.float32, seed: 3)
    let source = random.input([1, 4, 4, 3])
    let weights = random.weights([8, 5, 5, 3], axis: 0, isPerTensor: false)
    let result = random.append(.convolution2D, .convolution(window), [source, weights, nil], quantization: nil)
    #expect(failure(random.model(outputs: [result]))?.reason == "shape_mismatch")
  }

  @Test func dynamicRange() {
    var floats = RandomModel(.float32, seed: 4)
    let source = floats.input([1, 4])
    let weights = floats.integers([1, 2, 3, 4])
    let result = floats.append(
      .fullyConnected,
      .fullyConnected(
        .init(activation: .none, hasShuffledWeights: false, keepDimensions: false, asymmetricQuantizeInputs: false)),
      [source, weights, nil], quantization: nil)
    #expect(failure(floats.model(outputs: [result]))?.reason == "shape_mismatch")
  }

  @Test func missingScales() {
    var random = RandomModel(.int8, seed: 5)
    let source = random.input([4])
    let result = random.append(.logistic, [source], quantization: nil)
    let error = failure(random.model(outputs: [result]))
    #expect(error?.reason == "unsupported_type")
    #expect(error?.description == "operator 0 (LOGISTIC): \"tensor 1\" must have one scale and one zero point")
  }

  @Test func readsBeforeWrites() {
    var random = RandomModel(.float32, seed: 6)
    let source = random.input([4])
    let later = source + 2
    let early = random.append(.add, .arithmetic(activation: .none), [source, later], quantization: nil)
    _ = random.append(.add, .arithmetic(activation: .none), [source, source], quantization: nil)
    #expect(failure(random.model(outputs: [early]))?.reason == "shape_mismatch")
  }

  @Test func moreMemoryThanTheLimit() {
    var random = RandomModel(.float32, seed: 7)
    let source = random.input([1000])
    let wide = random.append(.tile, [source, random.integers([1 << 20])], quantization: nil)
    let error = failure(random.model(outputs: [wide]))
    #expect(error?.reason == "too_big")

    var options = CompilerOptions()
    options.arenaByteLimit = 1000
    var small = RandomModel(.float32, seed: 8)
    let input = small.input([1000])
    let result = small.append(.add, .arithmetic(activation: .none), [input, input], quantization: nil)
    #expect(failure(small.model(outputs: [result]), options)?.reason == "too_big")
  }

  @Test func unknownKernelFamilies() {
    var random = RandomModel(.float32, seed: 9)
    let source = random.input([4])
    var options = CompilerOptions()
    options.kernelFamily = "quantum"
    let error = failure(random.model(outputs: [source]), options)
    #expect(error?.reason == "unknown_kernels")
    #expect(error?.description.hasPrefix("there is no kernel family \"quantum\" here; available: ") == true)
    #expect(error?.description.hasSuffix("generic") == true)
  }
}
