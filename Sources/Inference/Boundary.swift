import TFLite

/// Inputs, outputs, and the memory between them.
extension Compiler {
  /// Places and sizes of a finished program.
  struct Layout {
    let placements: [Program.Placement]
    let arenaByteCount: Int
  }

  /// Compiles every operator in the order of the file.
  mutating func compileOperators() throws(CompilationError) {
    try checkOperatorCount()
    for (index, operation) in model.main.operators.enumerated() { try compileLabelled(Node(operation, index: index)) }
  }

  /// Refuses graphs that would take long to plan.
  func checkOperatorCount() throws(CompilationError) {
    guard model.main.operators.count <= Self.operatorLimit else {
      throw .tooBig("the model has \(model.main.operators.count) operators; the limit is \(Self.operatorLimit)")
    }
  }

  /// Gives each input the bytes that the client writes. They stay as the client wrote them: those of a uint8 input are
  /// its twin's with an offset of 128.
  mutating func addInputs() throws(CompilationError) -> [Operand] {
    var operands: [Operand] = []
    for (position, index) in model.main.inputs.enumerated() {
      let tensor = model.main.tensors[index]
      let what = "input \(position) (\"\(tensor.name)\")"
      guard !values[index].isDefined || operands.contains(Operand(index: index)) else {
        throw .unsupportedModel("\(what) has a value in the file already")
      }
      try checkBoundary(tensor.type, shape: tensor.shape, what)
      guard tensor.type == .uint8, !values[index].isDefined else {
        values[index].isDefined = true
        operands.append(Operand(index: index))
        continue
      }
      var raw = values[index]
      raw.isDefined = true
      values.append(raw)
      let client = Operand(index: values.count - 1)
      values[index].isDefined = true
      values[index].becomeTwin()
      values[index].hasOffset = true
      values[index].storage = client
      operands.append(client)
    }
    return operands
  }

  /// Gives each output the bytes that the client reads.
  mutating func addOutputs() throws(CompilationError) -> [Operand] {
    var operands: [Operand] = []
    for (position, index) in model.main.outputs.enumerated() {
      let value = values[index]
      let what = "output \(position) (\"\(value.name)\")"
      guard value.isDefined else { throw .unsupportedModel("\(what) is written by no operator") }
      if case .file(let range, let sparsity)? = value.constant {
        guard sparsity == nil, range.count == value.byteCount else {
          throw .unsupportedModel("\(what) is a constant whose bytes do not fit its shape \(value.shape)")
        }
      } else {
        try checkBoundary(value.type, shape: value.shape, what)
      }
      let operand = try withoutOffset(Operand(index: index), nil)
      guard value.isTwin else {
        operands.append(operand)
        continue
      }
      var raw = Value(name: value.name, type: .uint8, shape: value.shape)
      raw.quantization = model.main.tensors[index].quantization
      let client = try makeValue(raw, nil)
      let flip = FlipSign(source: operand, result: client, count: value.elementCount)
      try emit(flip, reading: [operand], writing: [client])
      operands.append(client)
    }
    return operands
  }

  private func checkBoundary(_ type: ElementType, shape: [Int], _ what: String) throws(CompilationError) {
    guard [.float32, .int8, .uint8, .int16, .int32, .int64, .bool].contains(type), let size = type.byteCount else {
      throw .unsupportedModel(
        "\(what) is of \(type); this engine takes float32, int8, uint8, int16, int32, int64 and bool")
    }
    var total = size
    for dimension in shape {
      let (product, overflow) = total.multipliedReportingOverflow(by: dimension)
      guard dimension > 0 else { throw .unsupportedModel("\(what) has the shape \(shape), which has no element") }
      guard !overflow, product <= options.tensorByteLimit else {
        throw .tooBig("\(what) of shape \(shape) takes more than the limit of \(options.tensorByteLimit) bytes")
      }
      total = product
    }
  }

  func description(of operand: Operand) -> TensorDescription {
    let value = self[operand]
    return TensorDescription(name: value.name, type: value.type, shape: value.shape, quantization: value.quantization)
  }

  /// Finds a place for every operand that a step or a client touches.
  mutating func layOut(inputs: [Operand], outputs: [Operand]) throws(CompilationError) -> Layout {
    var placements = [Program.Placement](repeating: .nowhere, count: values.count)
    var lifetimes: [Int: ClosedRange<Int>] = [:]
    func touch(_ operand: Operand, _ span: ClosedRange<Int>) {
      let owner = root(of: operand).index
      let known = lifetimes[owner] ?? span
      lifetimes[owner] = min(known.lowerBound, span.lowerBound)...max(known.upperBound, span.upperBound)
    }
    for (time, step) in steps.enumerated() { for operand in step.reads + step.writes { touch(operand, time...time) } }
    // A client may write an input once for many runs, and reads outputs after the last step; where inputs must be written
    // for each run, it may read those of one run after it has written for the next.
    for operand in inputs { touch(operand, 0...(options.keepsInputs ? steps.count : 0)) }
    for operand in outputs {
      let begin = options.keepsInputs ? lifetimes[root(of: operand).index]?.lowerBound ?? 0 : 0
      touch(operand, begin...steps.count)
    }

    let takenOver = takeOver(&lifetimes)
    let owners = lifetimes.keys.sorted()
    let computed = owners.filter { values[$0].constant == nil }
    guard computed.count <= Self.computedTensorLimit else {
      throw .tooBig("the model computes \(computed.count) tensors; the limit is \(Self.computedTensorLimit)")
    }
    let plan = ArenaPlan(computed.map { .init(byteCount: values[$0].byteCount, lifetime: lifetimes[$0] ?? 0...0) })
    guard plan.byteCount <= options.arenaByteLimit else {
      throw .tooBig(
        "the tensors of the model take \(plan.byteCount) bytes while it runs; the limit is \(options.arenaByteLimit)")
    }
    for (owner, offset) in zip(computed, plan.offsets) { placements[owner] = .arena(offset: offset) }
    for owner in owners where values[owner].constant != nil {
      placements[owner] = .constant(try materialize(Operand(index: owner)))
    }
    for (owner, former) in takenOver { placements[owner] = placements[former] }
    for index in values.indices {
      if let owner = values[index].storage { placements[index] = placements[owner.index] }
    }
    return Layout(placements: placements, arenaByteCount: plan.byteCount)
  }

  /// Lets results take the bytes of operands that end with their step, and their lifetimes with them. Returns for each
  /// such result whose bytes they are.
  private func takeOver(_ lifetimes: inout [Int: ClosedRange<Int>]) -> [Int: Int] {
    var formerOwners: [Int: Int] = [:]
    for (time, planned) in steps.enumerated() {
      guard let result = planned.writes.first.map({ root(of: $0).index }),
        let life = lifetimes[result], life.lowerBound == time, values[result].constant == nil
      else { continue }
      for operand in planned.step.overwritable {
        let source = root(of: operand).index
        let owner = formerOwners[source] ?? source
        guard let known = lifetimes[owner], known.upperBound == time, known.lowerBound < time,
          values[source].constant == nil, values[source].byteCount == values[result].byteCount,
          values[owner].byteCount == values[result].byteCount
        else { continue }
        lifetimes[owner] = known.lowerBound...life.upperBound
        lifetimes[result] = nil
        formerOwners[result] = owner
        break
      }
    }
    return formerOwners
  }
}
