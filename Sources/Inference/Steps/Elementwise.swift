import CKernels
import TFLite

/// What a binary operator does with neighbouring runs of elements.
protocol BinaryOperation: Sendable {
  associatedtype Element: BitwiseCopyable
  /// Computes all runs; steps and strides are in elements.
  func apply(
    _ shape: maskd_broadcast, left: UnsafePointer<Element>, right: UnsafePointer<Element>,
    result: UnsafeMutablePointer<Element>)
}

/// A binary operator that knows one run only. A step is 1, or 0 where one value stands for the whole run.
protocol RunOperation: BinaryOperation {
  func apply(
    count: Int, left: UnsafePointer<Element>, leftStep: Int, right: UnsafePointer<Element>, rightStep: Int,
    result: UnsafeMutablePointer<Element>)
}

extension RunOperation {
  func apply(
    _ shape: maskd_broadcast, left: UnsafePointer<Element>, right: UnsafePointer<Element>,
    result: UnsafeMutablePointer<Element>
  ) {
    for run in 0..<shape.runs {
      apply(
        count: shape.count, left: left + run * shape.left_stride, leftStep: shape.left_step,
        right: right + run * shape.right_stride, rightStep: shape.right_step, result: result + run * shape.result_stride
      )
    }
  }
}

/// Two operands broadcast to one shape, cut into runs.
struct BroadcastWalk: Sendable {
  /// The loops around the runs: how often, and how far each operand moves, in elements.
  private(set) var outer: [(count: Int, left: Int, right: Int)] = []
  /// Elements of a run.
  private(set) var count = 1
  /// 1 or 0, for the elements of a run.
  private(set) var leftStep = 1
  private(set) var rightStep = 1
  /// How many runs there are.
  private(set) var runs = 1

  /// Walks the shape that `left` and `right` broadcast to; both have its number of dimensions.
  init(left: [Int], right: [Int], result: [Int]) {
    let leftStrides = Rearrangement.strides(of: left, elementByteCount: 1)
    let rightStrides = Rearrangement.strides(of: right, elementByteCount: 1)
    for index in result.indices where result[index] != 1 {
      let next = (
        count: result[index], left: left[index] == 1 ? 0 : leftStrides[index],
        right: right[index] == 1 ? 0 : rightStrides[index]
      )
      if let last = outer.last, last.left == next.count * next.left, last.right == next.count * next.right {
        outer[outer.count - 1] = (last.count * next.count, next.left, next.right)
      } else {
        outer.append(next)
      }
    }
    if let inner = outer.popLast() { (count, leftStep, rightStep) = inner }
    runs = outer.reduce(1) { $0 * $1.count }
  }

  /// Whether both operands and the result go through memory side by side.
  var isPlain: Bool { runs == 1 && leftStep == 1 && rightStep == 1 }

  /// Whether each element of an operand belongs to one element of the result, in the same order.
  var takesLeftOnce: Bool { leftStep == 1 && outer.allSatisfy { $0.left != 0 } }
  var takesRightOnce: Bool { rightStep == 1 && outer.allSatisfy { $0.right != 0 } }

  /// Where the operands of a run begin, in elements.
  func offsets(ofRun run: Int) -> (left: Int, right: Int) {
    var (rest, left, right) = (run, 0, 0)
    var position = outer.count
    while position > 0 {
      position -= 1
      let axis = outer[position]
      let index = rest % axis.count
      rest /= axis.count
      left += index * axis.left
      right += index * axis.right
    }
    return (left, right)
  }

  /// Run `run` and those behind it that lie at a fixed distance from one another: `limit` of them at most.
  func together(fromRun run: Int, limit: Int) -> maskd_broadcast {
    // By its index: `last` allocates in a debug build.
    guard !outer.isEmpty else {
      return maskd_broadcast(
        runs: 1, count: count, left_step: leftStep, left_stride: 0, right_step: rightStep, right_stride: 0,
        result_stride: count)
    }
    let axis = outer[outer.count - 1]
    return maskd_broadcast(
      runs: min(limit, axis.count - run % axis.count), count: count, left_step: leftStep, left_stride: axis.left,
      right_step: rightStep, right_stride: axis.right, result_stride: count)
  }
}

/// A binary operator with broadcasting.
struct Elementwise<Operation: BinaryOperation>: Step {
  let left: Operand
  let right: Operand
  let result: Operand
  let walk: BroadcastWalk
  let operation: Operation

  /// Runs are the parts; a single long run is cut into chunks.
  var partCount: Int { walk.runs > 1 ? walk.runs : Chunks.count(of: walk.count) }

  /// An operand that is not broadcast.
  var overwritable: [Operand] { (walk.takesLeftOnce ? [left] : []) + (walk.takesRightOnce ? [right] : []) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let left = UnsafePointer(arena.elements(left, as: Operation.Element.self))
    let right = UnsafePointer(arena.elements(right, as: Operation.Element.self))
    let result = arena.elements(result, as: Operation.Element.self)
    guard walk.runs > 1 else {
      let range = Chunks.range(of: parts, in: walk.count)
      var chunk = walk.together(fromRun: 0, limit: 1)
      chunk.count = range.count
      operation.apply(
        chunk, left: left + range.lowerBound * walk.leftStep, right: right + range.lowerBound * walk.rightStep,
        result: result + range.lowerBound)
      return
    }
    var run = parts.lowerBound
    while run < parts.upperBound {
      let start = walk.offsets(ofRun: run)
      let shape = walk.together(fromRun: run, limit: parts.upperBound - run)
      operation.apply(
        shape, left: left + start.left, right: right + start.right, result: result + run * walk.count)
      run += shape.runs
    }
  }
}

extension Compiler {
  /// The two operands of a binary operator and the shape that they broadcast to.
  struct BinaryOperands {
    let left: Operand
    let right: Operand
    let shape: [Int]
    let walk: BroadcastWalk
    let type: ElementType
  }

  /// `asStored`: in whatever form they are stored, for a step that obeys `Value.hasOffset`.
  mutating func binaryOperands(_ node: Node, asStored: Bool = false) throws(CompilationError) -> BinaryOperands {
    let left = asStored ? try storedInput(0, of: node) : try input(0, of: node)
    let right = asStored ? try storedInput(1, of: node) : try input(1, of: node)
    try node.checkType(
      self[left].type == self[right].type && self[left].isTwin == self[right].isTwin,
      "its operands are of \(self[left].type) and \(self[right].type); they must be the same")
    var (a, b) = (self[left].shape, self[right].shape)
    a.insert(contentsOf: [Int](repeating: 1, count: max(0, b.count - a.count)), at: 0)
    b.insert(contentsOf: [Int](repeating: 1, count: max(0, a.count - b.count)), at: 0)
    try node.check(
      zip(a, b).allSatisfy { $0 == $1 || $0 == 1 || $1 == 1 },
      "the shapes \(self[left].shape) and \(self[right].shape) do not broadcast")
    let shape = zip(a, b).map(max)
    return BinaryOperands(
      left: left, right: right, shape: shape, walk: BroadcastWalk(left: a, right: b, result: shape),
      type: self[left].type)
  }

  mutating func emit(
    _ operation: some BinaryOperation, _ operands: BinaryOperands, result: Operand
  ) throws(CompilationError) {
    let step = Elementwise(
      left: operands.left, right: operands.right, result: result, walk: operands.walk, operation: operation)
    try emit(step, reading: [operands.left, operands.right], writing: [result])
  }
}
