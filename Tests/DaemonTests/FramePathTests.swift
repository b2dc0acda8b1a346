import CAllocationCount
import Classification
import Configuration
import EventLoop
import Glibc
import Imaging
import Results
import Synchronization
import Testing

@testable import Capture
@testable import Daemon
@testable import ModelStore

/// The frame path with the bundled model, fed by hand on the thread of the test.
@Suite(.serialized) struct FramePathTests {
  private let exchange = FrameExchange(cameraCount: 1)
  private let inbox = FrameInbox()
  private let reporter: Reporter
  private let shelf = Shelf()
  private let judged = Judged()
  private var settings: Settings

  init() throws {
    reporter = try Reporter(publisher: Publisher(PublisherSettings(version: "0", engine: "generic")))
    settings = Settings(directories: someDirectories)
    // The first frame is the state, however slow this machine is.
    settings.decision.hold = .zero
    settings.decision.smoothing = .zero
    settings.decision.settleFrames = 1
    settings.decision.darkBelow = 0
    settings.decision.upperThreshold = 0.5
    settings.decision.staleAfter = .seconds(3600)
    settings.decision.overloadAbove = .seconds(60)
  }

  private func path(_ model: Activation<Classifier>) -> FramePath {
    FramePath(plan: FramePlan(settings, exchange: exchange), model: model, reporter: reporter) { [judged] generation in
      judged.generations.withLock { $0.append(generation) }
    }
  }

  private func activation(_ generation: UInt64, label: String = "mask") throws -> Activation<Classifier> {
    let packageFolder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let file = try ModelFile(path: "/\(packageFolder)/models/mask_mobilenetv2_int8.tflite")
    let sidecar = String(decoding: try #require(file.sidecar), as: UTF8.self)
    let labelled = sidecar.replacing("[\"mask\", \"no_mask\"]", with: "[\"\(label)\", \"no_\(label)\"]")
    let classifier = try Classifier(model: file.model, sidecar: Array(labelled.utf8))
    return Activation(
      generation: generation, name: "m\(generation).tflite", sha256: classifier.sha256, classifier: classifier)
  }

  private func states() -> [StateMessage] {
    reporter.take().notices.compactMap { if case .state(let message) = $0 { message } else { nil } }
  }

  @Test func anotherModelTakesOverBetweenTwoFrames() throws {
    var path = path(try activation(1))
    exchange.put(shelf.frame(1))
    path.judgeNext(within: .zero)
    let first = try #require(states().first)
    #expect(["mask", "no_mask"].contains(first.state) && first.generation == 1)
    #expect(first.scores.labels == ["mask", "no_mask"])
    #expect(judged.generations.withLock { $0 } == [1])

    inbox.put(try activation(2, label: "hat"))
    let goesOn = path.takeIn(inbox)
    #expect(goesOn)
    let settling = try #require(states().first)
    #expect(settling.reason == "settling" && settling.previous == first.state && settling.generation == 2)
    #expect(settling.score == nil && settling.scores == .none, "the new model has said nothing yet")
    #expect(reporter.modelName == "m2")
    #expect(judged.generations.withLock { $0 } == [1], "it has judged no frame")

    exchange.put(shelf.frame(2))
    path.judgeNext(within: .zero)
    #expect(states().first?.scores.labels == ["hat", "no_hat"])
    #expect(judged.generations.withLock { $0 } == [1, 2])
  }

  @Test func aLostCameraIsTheStateOfItsRegions() throws {
    var path = path(try activation(1))
    inbox.put(CameraEvent(camera: 0, kind: .lost, device: "/dev/video0", detail: ""))
    inbox.put(CameraEvent(camera: 9, kind: .lost, device: "/dev/video9", detail: ""))
    _ = path.takeIn(inbox)
    let states = states()
    #expect(states.map(\.reason) == ["camera_lost"])
    #expect(states.first?.scores == LabelScores.none)
  }

  @Test func aReloadKeepsTheStatesOfRegionsThatStay() throws {
    var path = path(try activation(1))
    exchange.put(shelf.frame(1))
    path.judgeNext(within: .zero)
    #expect(states().count == 1)
    var changed = settings
    changed.cameras[0].regions.append(Settings.Region(name: "more"))
    inbox.put(FramePlan(changed, exchange: exchange))
    _ = path.takeIn(inbox)
    exchange.put(shelf.frame(2))
    path.judgeNext(within: .zero)
    #expect(states().map(\.region) == ["more"], "the other region has its state already")
  }

  @Test func framesThatCannotBeJudgedAreToldOnce() throws {
    var path = path(try activation(1))
    for number in 1...5 {
      exchange.put(shelf.frame(number, byteCount: 10))
      path.judgeNext(within: .zero)
    }
    let notices = reporter.take().notices
    #expect(notices.count == 1)
    guard case .unusableFrames(1, "camera", let detail)? = notices.first else {
      Issue.record("\(notices)")
      return
    }
    #expect(!detail.isEmpty)
  }

  @Test func aModelCountsAsActivatedOnlyOnceItHasJudged() throws {
    var path = path(try activation(1))
    exchange.put(shelf.frame(1, byteCount: 10))
    path.judgeNext(within: .zero)
    #expect(judged.generations.withLock { $0 } == [])
    exchange.put(shelf.frame(2))
    path.judgeNext(within: .zero)
    #expect(judged.generations.withLock { $0 } == [1])
  }

  @Test(.enabled(if: allocation_count_is_available(), "the sanitizer has an allocator of its own"))
  func aFrameAllocatesNothingOnceThePathIsWarm() throws {
    var path = path(try activation(1))
    var counts: [Int] = []
    for number in 1...6 {
      exchange.put(shelf.frame(number))
      let before = allocation_count_of_this_thread()
      let goesOn = path.takeIn(inbox)
      path.judgeNext(within: .zero)
      let after = allocation_count_of_this_thread()
      #expect(goesOn)
      counts.append(after - before)
    }
    #expect(counts[0] > 0, "the first frame warms the path")
    #expect(counts[2...].allSatisfy { $0 == 0 }, "\(counts)")
  }
}

private final class Judged: Sendable {
  let generations = Mutex<[UInt64]>([])
}

/// Owns the pixels of frames: a grey ramp.
private final class Shelf: FrameOwner {
  private let format = PictureFormat(pixelFormat: .grey, width: 96, height: 96)
  nonisolated(unsafe) private let bytes: UnsafeMutableRawBufferPointer

  init() {
    bytes = .allocate(byteCount: 96 * 96, alignment: 64)
    for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index) }
  }

  deinit { bytes.deallocate() }

  func takeBack(_ index: Int) {}

  func frame(_ number: Int, byteCount: Int? = nil) -> Frame {
    let now = MonotonicClock.now()
    return Frame(
      camera: 0, format: format, sequence: UInt64(number), captureTime: now, dequeueTime: now, droppedBefore: 0,
      bytes: UnsafeRawBufferPointer(rebasing: bytes[..<(byteCount ?? bytes.count)]), owner: self, index: 0)
  }
}
