import CAllocationCount
import Inference
import Testing

@Suite struct AllocationTests {
  @Test(.enabled(if: allocation_count_is_available()), arguments: GoldenCase.all)
  func invokeAllocatesNothing(golden: GoldenCase) throws {
    let session = Session(try Program(compiling: try golden.parsed()))
    let first = run(session, inputs: golden.inputs)
    var sum = 0
    // Nothing generic stands between the two counts: without optimization that would allocate by itself.
    let before = allocation_count_of_this_thread()
    session.withInput(0) { $0[0] ^= 1 }
    session.invoke()
    session.invoke()
    session.withOutput(0) { sum += $0.count }
    let after = allocation_count_of_this_thread()
    #expect(after == before)
    #expect(sum == first[0].count)
  }

  @Test(.enabled(if: allocation_count_is_available()))
  func theCountCounts() {
    let before = allocation_count_of_this_thread()
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 16)
    bytes.deallocate()
    #expect(allocation_count_of_this_thread() > before)
  }
}
