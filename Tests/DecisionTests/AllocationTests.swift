import CAllocationCount
import Decision
import Testing

/// Without optimization the compiler allocates for iterators and closures, so that only `swift test -c release -Xswiftc
/// -enable-testing` can tell.
@Suite(
  .enabled(if: allocation_count_is_available(), "the sanitizer has an allocator of its own"),
  .disabled(if: _isDebugAssertConfiguration(), "only an optimized build keeps this promise"))
struct AllocationTests {
  @Test func toObserveAllocatesNothing() {
    var decision = RegionDecision(labels: ["mask", "no_mask"], at: 0)
    let quality = FrameQuality(meanLuma: 99, sharpness: 9, shortSide: 99)
    let (masked, bare): ([Float], [Float]) = ([0.9, 0.1], [0.1, 0.9])
    var changes = 0
    let before = allocation_count_of_this_thread()
    for frame in 1...2000 as ClosedRange<UInt64> {
      let scores = frame / 100 % 2 == 0 ? masked : bare
      if decision.observe(scores: scores, quality: quality, at: frame * 33_333) != nil { changes += 1 }
    }
    let count = allocation_count_of_this_thread() - before
    #expect(count == 0)
    #expect(changes > 10)
  }
}
