import CAllocationCount
import Testing

@testable import Results

/// Without optimization the compiler allocates for iterators and closures, so that only `swift test -c release -Xswiftc
/// -enable-testing` can tell.
@Suite(
  .enabled(if: allocation_count_is_available(), "the sanitizer has an allocator of its own"),
  .disabled(if: _isDebugAssertConfiguration(), "only an optimized build keeps this promise"))
struct AllocationTests {
  /// The threads of frames publish: once warm, a line with a client that listens must cost no allocation.
  @Test func toPublishAllocatesNothingOnceWarm() {
    var settings = PublisherSettings(version: "1", engine: "generic")
    settings.resultsPerSecond = 0
    let store = LineStore(settings)
    let greeting = store.open()
    let message = Sample.result(1)
    for _ in 0..<100 { store.publish(message) }
    let before = allocation_count_of_this_thread()
    for _ in 0..<1000 { store.publish(message) }
    #expect(allocation_count_of_this_thread() - before == 0)
    #expect(store.lastNumber == greeting.number + 1100)
  }
}
