import CAllocationCount
import Inference
import Testing

@Suite struct AllocationTests {
  @Test(.enabled(if: allocation_count_is_available()), arguments: GoldenCase.all)
  func invokeAllocatesNothing(golden: GoldenCase) throws {
    let session = Session(try Program(compiling: try golden.parsed()))
    let inputs = golden.inputs
    session.invoke()
    let before = allocation_count_of_this_thread()
    for (index, bytes) in inputs.enumerated() { session.withInput(index) { $0.copyBytes(from: bytes) } }
    for _ in 0..<3 { session.invoke() }
    var sum = 0
    for index in session.program.outputs.indices { session.withOutput(index) { sum += $0.count } }
    #expect(allocation_count_of_this_thread() == before)
    #expect(sum > 0)
  }

  @Test(.enabled(if: allocation_count_is_available()))
  func theCountCounts() {
    let before = allocation_count_of_this_thread()
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 16)
    bytes.deallocate()
    #expect(allocation_count_of_this_thread() > before)
  }
}
