import Testing

@testable import Inference

@Suite struct ArenaPlanTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func livingTensorsDoNotOverlap(seed: UInt64) {
    var random = SplitMix64(state: seed)
    let requests = (0..<60).map { _ in
      let start = Int.random(in: 0..<40, using: &random)
      return ArenaPlan.Request(
        byteCount: Int.random(in: 0...5000, using: &random),
        lifetime: start...start + Int.random(in: 0...8, using: &random))
    }
    let plan = ArenaPlan(requests)
    for (index, request) in requests.enumerated() {
      #expect(plan.offsets[index] % 64 == 0)
      #expect(plan.offsets[index] + request.byteCount <= plan.byteCount)
      for other in requests.indices where other != index && requests[other].lifetime.overlaps(request.lifetime) {
        let (first, second) = (plan.offsets[index], plan.offsets[other])
        #expect(first + request.byteCount <= second || second + requests[other].byteCount <= first)
      }
    }
  }

  @Test func deadTensorsGiveTheirPlace() {
    let plan = ArenaPlan([
      .init(byteCount: 1000, lifetime: 0...1), .init(byteCount: 1000, lifetime: 1...2),
      .init(byteCount: 1000, lifetime: 2...3), .init(byteCount: 1000, lifetime: 3...4),
    ])
    #expect(plan.byteCount == 2 * 1024)
  }

  @Test(arguments: GoldenCase.all)
  func placesOfModelsDoNotOverlap(golden: GoldenCase) throws {
    var compiler = try Compiler(
      model: try golden.parsed(), options: .init(), family: try KernelFamily.named(nil),
      packed: PackedConstants(expecting: 0))
    let inputs = try compiler.addInputs()
    try compiler.compileOperators()
    let outputs = try compiler.addOutputs()
    compiler.fuseSteps(outputs: outputs)
    let layout = try compiler.layOut(inputs: inputs, outputs: outputs)
    for (time, step) in compiler.steps.enumerated() {
      for write in step.writes {
        for read in step.reads where compiler.root(of: read) != compiler.root(of: write) {
          guard overlap(layout, compiler, read, write) else { continue }
          let isTakenOver = canTakeOver(read, write, at: time, layout, compiler)
          #expect(isTakenOver, "\(golden): step \(time) writes over what it reads")
        }
      }
    }
  }

  /// Whether a step may write over an operand: byte for byte, and nobody reads it afterwards.
  private func canTakeOver(
    _ read: Operand, _ write: Operand, at time: Int, _ layout: Compiler.Layout, _ compiler: Compiler
  ) -> Bool {
    guard case .arena(let a) = layout.placements[read.index], case .arena(let b) = layout.placements[write.index],
      a == b, compiler[read].byteCount == compiler[write].byteCount
    else { return false }
    let isReadLater = compiler.steps[(time + 1)...].contains {
      $0.reads.contains { compiler.root(of: $0) == compiler.root(of: read) }
    }
    return compiler.steps[time].step.overwritable.contains(read) && !isReadLater
  }

  private func overlap(_ layout: Compiler.Layout, _ compiler: Compiler, _ first: Operand, _ second: Operand) -> Bool {
    guard case .arena(let a) = layout.placements[first.index], case .arena(let b) = layout.placements[second.index]
    else { return false }
    return a < b + compiler[second].byteCount && b < a + compiler[first].byteCount
  }
}
