import Configuration
import EventLoop
import Glibc
import ModelStore
import Results
import Testing

@testable import Capture
@testable import Daemon

@Suite struct FramePlanTests {
  private func settings(
    upper: Double?, lower: Double?, model: (upper: Double, lower: Double)?
  ) throws -> [Double] {
    var settings = Settings(directories: someDirectories)
    settings.decision.upperThreshold = upper
    settings.decision.lowerThreshold = lower
    let plan = FramePlan(settings, exchange: FrameExchange(cameraCount: 1))
    let region = try #require(plan.cameras.first?.regions.first)
    let decision = plan.decisionSettings(for: region, modelThresholds: model)
    return [decision.enter, decision.leave]
  }

  @Test func theConfigurationComesBeforeTheModelAndTheModelBeforeTheDefault() throws {
    #expect(try settings(upper: nil, lower: nil, model: nil) == [0.7, 0.55])
    #expect(try settings(upper: nil, lower: nil, model: (0.8, 0.6)) == [0.8, 0.6])
    #expect(try settings(upper: 0.9, lower: nil, model: (0.8, 0.6)) == [0.9, 0.6])
    #expect(try settings(upper: 0.9, lower: 0.7, model: (0.8, 0.6)) == [0.9, 0.7])
  }

  @Test func theLowerThresholdIsNeverAboveTheUpperOne() throws {
    #expect(try settings(upper: 0.5, lower: nil, model: (0.8, 0.6)) == [0.5, 0.5])
    #expect(try settings(upper: nil, lower: 0.9, model: (0.8, 0.6)) == [0.8, 0.8])
  }
}

@Suite struct FrameInboxTests {
  private let lost = CameraEvent(camera: 0, kind: .lost, device: "/dev/video0", detail: "")

  @Test func givesEverythingOnce() throws {
    let inbox = FrameInbox()
    #expect(inbox.take() == nil)
    inbox.put(lost)
    inbox.stop()
    let contents = try #require(inbox.take())
    #expect(contents.cameraEvents == [lost])
    #expect(contents.isStopping)
    #expect(inbox.take() == nil)
  }

  @Test func anotherPlanForgetsWhatHappenedToTheCamerasBefore() throws {
    let inbox = FrameInbox()
    inbox.put(lost)
    inbox.put(FramePlan(Settings(directories: someDirectories), exchange: FrameExchange(cameraCount: 1)))
    let contents = try #require(inbox.take())
    #expect(contents.cameraEvents.isEmpty)
    #expect(contents.plan?.cameras.map(\.name) == ["camera"])
  }
}

@Suite struct FoldersTests {
  @Test func makesWhatIsMissing() throws {
    var template = Array("/tmp/maskd-daemon-XXXXXX".utf8CString)
    let folder = String(cString: try #require(mkdtemp(&template)))
    defer { for path in ["/a/b", "/a", ""] { rmdir(folder + path) } }
    try Folders.make(folder + "/a/b")
    #expect(access(folder + "/a/b", F_OK) == 0)
    try Folders.make(folder + "/a/b")
  }

  @Test func saysWhichCannotBeMade() {
    let error = #expect(throws: SystemCallError.self) { try Folders.make("/dev/null/a/b") }
    #expect(error?.subject == "/dev/null/a")
    #expect(error?.code == ENOTDIR)
  }

  @Test(arguments: [("/run/maskd/results.sock", "/run/maskd"), ("/results.sock", "/")])
  func theParentOfAPath(path: String, parent: String) {
    #expect(Folders.parent(of: path) == parent)
  }
}

@Suite struct NamesAndStatusTests {
  @Test(arguments: [("a.tflite", "a"), ("a.b.tflite", "a.b"), ("a", "a"), (".tflite", "")])
  func aModelIsNamedAsItsFile(file: String, name: String) {
    #expect(ModelEvent.modelName(ofFile: file) == name)
  }

  @Test func errorsHaveTheStatusOfTheirKind() {
    #expect(ServiceError.noModel([]).exitCode == 65)
    #expect(ServiceError.unavailable("").exitCode == 69)
    #expect(ServiceError.cannotCreate("").exitCode == 73)
    let noModel = ServiceError(ModelStoreError.noModel(["a: b"]))
    #expect(noModel.description == "no model can run: a: b")
    let inUse = ServiceError(ResultsError.inUse(path: "/x"))
    #expect(inUse.exitCode == 69)
    let refused = ServiceError(ResultsError.system(SystemCallError("bind", on: "/x", code: EACCES)))
    #expect(refused.exitCode == 73)
  }
}

let someDirectories = Directories(
  configuration: "/c", runtime: "/r", state: "/s", packagedModel: "/m/packaged.tflite")
