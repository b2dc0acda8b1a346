import EventLoop
import Imaging
import Synchronization
import Testing

@testable import Capture

/// Counts which buffers came back.
private final class Shelf: FrameOwner {
  let returned = Mutex<[Int]>([])

  func takeBack(_ index: Int) { returned.withLock { $0.append(index) } }

  func frame(_ index: Int, camera: Int = 0, droppedBefore: UInt64 = 0) -> Frame {
    Frame(
      camera: camera, format: PictureFormat(pixelFormat: .grey, width: 1, height: 1), sequence: UInt64(index),
      captureTime: 0, dequeueTime: 0, droppedBefore: droppedBefore, bytes: UnsafeRawBufferPointer(start: nil, count: 0),
      owner: self, index: index)
  }
}

@Suite struct FrameExchangeTests {
  @Test func newestFrameWinsAndTheOlderOneGoesBack() {
    let shelf = Shelf()
    let exchange = FrameExchange(cameraCount: 1)
    exchange.put(shelf.frame(1, droppedBefore: 2))
    exchange.put(shelf.frame(2, droppedBefore: 1))
    #expect(shelf.returned.withLock { $0 } == [1])
    #expect(exchange.replacedCount(camera: 0) == 1)
    guard let frame = exchange.next(timeout: .zero) else {
      Issue.record("no frame")
      return
    }
    #expect(shelf.returned.withLock { $0 } == [1], "a frame that is held does not go back")
    let (sequence, dropped) = (frame.sequence, frame.droppedBefore)
    _ = consume frame
    #expect(sequence == 2)
    #expect(dropped == 4, "its own 1, the replaced frame's 2, and the replaced frame")
    #expect(shelf.returned.withLock { $0 } == [1, 2])
  }

  @Test func camerasTakeTurns() {
    let shelf = Shelf()
    let exchange = FrameExchange(cameraCount: 3)
    var order: [Int] = []
    for round in 0..<2 {
      for camera in 0..<3 { exchange.put(shelf.frame(round, camera: camera)) }
      if let frame = exchange.next(timeout: .zero) { order.append(frame.camera) }
    }
    while let frame = exchange.next(timeout: .zero) { order.append(frame.camera) }
    #expect(order == [0, 1, 2, 0])
  }

  @Test func waitsForAFrameFromAnotherThreadAndGivesUpInTime() throws {
    let shelf = Shelf()
    let exchange = FrameExchange(cameraCount: 1)
    let began = MonotonicClock.now()
    let nothing = exchange.next(timeout: .milliseconds(30)) == nil
    #expect(nothing)
    #expect(MonotonicClock.now() - began >= 30_000)
    let thread = try SourceThread()
    try thread.start(name: "producer") { exchange.put(shelf.frame(7)) }
    let sequence = exchange.next(timeout: .seconds(10))?.sequence
    #expect(sequence == 7)
    let ended = thread.stop(timeout: .seconds(10))
    #expect(ended)
  }

  @Test func closingWakesTheReaderAndReturnsWhatWaits() throws {
    let shelf = Shelf()
    let exchange = FrameExchange(cameraCount: 2)
    exchange.put(shelf.frame(5, camera: 1))
    exchange.close()
    #expect(shelf.returned.withLock { $0 } == [5])
    exchange.put(shelf.frame(6))
    #expect(shelf.returned.withLock { $0 } == [5, 6])
    let nothing = exchange.next(timeout: .seconds(60)) == nil
    #expect(nothing)
  }
}
