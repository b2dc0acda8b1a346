import TFLite

/// A tensor while a program is compiled.
///
/// A uint8 tensor of the file is kept as its int8 twin (each value less 128), so that there is one set of kernels;
/// it changes form where it enters or leaves the program.
struct Value {
  /// The name in the file.
  let name: String
  /// The type as computed here: never uint8, but for what a client writes and reads.
  var type: ElementType
  var shape: [Int]
  /// In the twin's terms where the value is a twin.
  var quantization: Quantization?
  /// Whether this int8 value stands for a uint8 one.
  var isTwin = false
  /// Whether the bytes are those of the value plus 128, which flips their highest bit: what the convolutions of some
  /// kernel families read.
  var hasOffset = false
  /// The bytes, where they are known at compilation.
  var constant: Constant?
  /// The value whose bytes this one shares, where it is only another view of them.
  var storage: Operand?
  /// Whether an input, a constant or a step gives it its bytes.
  var isDefined = false

  /// Takes a tensor of the file. A computed one gets its type and shape from the operator that writes it.
  init(_ tensor: Tensor) {
    name = tensor.name
    type = tensor.type
    shape = tensor.shape
    quantization = tensor.quantization
    constant = tensor.constant.map { .file($0, sparsity: tensor.sparsity) }
    isDefined = constant != nil
    if isDefined { becomeTwin() }
  }

  /// Makes a value that the file does not have.
  init(name: String, type: ElementType, shape: [Int]) {
    self.name = name
    self.type = type
    self.shape = shape
  }

  var elementCount: Int { shape.reduce(1, *) }
  var byteCount: Int { elementCount * (type.byteCount ?? 0) }

  /// Turns a uint8 value into its int8 twin; leaves others as they are.
  mutating func becomeTwin() {
    guard type == .uint8 else { return }
    type = .int8
    isTwin = true
    shiftZeroPoints()
  }

  /// Takes the zero points, which the file gives for uint8, to the twin's terms.
  mutating func shiftZeroPoints() {
    quantization = quantization.map {
      // A zero point that wraps is out of range as well, and refused where it is used.
      Quantization(scales: $0.scales, zeroPoints: $0.zeroPoints.map { $0 &- 128 }, axis: $0.axis)
    }
  }
}

/// Bytes that are known at compilation.
enum Constant {
  /// A range of the model file, as the file has it: at any alignment, uint8 not yet a twin.
  case file(Range<Int>, sparsity: Sparsity?)
  /// A range of the model file that holds float16 numbers, which steps read as float32.
  case float16(Range<Int>)
  /// In the form in which steps read it.
  case memory(AlignedMemory)
}

/// The scale and zero point of a whole tensor.
struct Affine: Equatable {
  var scale: Float
  var zeroPoint: Int32
}
