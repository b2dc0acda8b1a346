import Results
import Testing

/// What clients read, through a real socket.
@Suite struct LinesTests {
  @Test func greetsWithWhatIsTheCase() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    defer { publisher.stop(reason: "test over") }
    publisher.publish(Sample.lost)
    publisher.publish(Sample.state("indeterminate", reason: "camera_lost"))
    publisher.publish(Sample.model("rejected", name: "bad", sha256: Sample.sha256, reason: "truncated"))
    let reader = try Reader(directory.socket)
    let (hello, snapshot) = try reader.greet()
    #expect(hello["protocol"]?.text == "maskd.results/1")
    #expect(hello["version"]?.text == "1.2.3")
    #expect(hello["engine"]?.text == "generic")
    #expect(hello["run"]?.text == publisher.run)
    #expect(hello["cameras"]?[0]?["regions"]?[1]?["x"]?.double == 0.5)
    #expect(hello["model"]?["labels"] == .array([.string("mask"), .string("no_mask")]))
    #expect(hello["seq"]?.integer == 3)
    #expect(snapshot["seq"]?.integer == 3)
    #expect(snapshot["regions"]?.array?.count == 3)
    #expect(snapshot["regions"]?[0]?["reason"]?.text == "camera_lost")
    #expect(snapshot["regions"]?[1]?["reason"]?.text == "settling")
    #expect(snapshot["cameras"]?[0]?["errno"]?.text == "ENODEV")
    #expect(snapshot["cameras"]?[1]?["event"] == nil)
    #expect(snapshot["drops"]?[0]?["reason"]?.text == "truncated")
    #expect(snapshot["drops"]?[0]?["detail"]?.text == "because truncated")
  }

  @Test func carriesEveryFieldOfEveryMessage() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    let reader = try Reader(directory.socket)
    #expect(try reader.greet().hello["seq"]?.integer == 0)
    publisher.publish(Sample.result(7))
    publisher.publish(Sample.state("mask"))
    publisher.publish(Sample.lost)
    publisher.publish(Sample.model("committed", sha256: Sample.sha256))
    publisher.publish(Sample.overload)
    publisher.stop(reason: "test over")
    let lines = try reader.lines(until: "bye")
    #expect(lines.map { $0["type"]?.text } == ["result", "state", "camera", "model", "overload", "bye"])
    #expect(lines.map { $0["seq"]?.integer } == [1, 2, 3, 4, 5, 6])
    #expect(lines[0]["frame"] == .object(["seq": .integer(7), "captured_us": .integer(233_331)]))
    #expect(lines[0]["latency_us"]?["total"]?.integer == 11_000)
    #expect(lines[0]["scores"] == .object(["mask": .number(0.75), "no_mask": .number(0.25)]))
    #expect(lines[1]["previous"]?.text == "indeterminate")
    #expect(lines[1]["score"]?.double == 0.9)
    #expect(lines[2]["detail"]?.text == "VIDIOC_DQBUF /dev/video0: No such device")
    #expect(lines[3]["phase"]?.text == "committed")
    #expect(lines[4]["measured_us"]?.integer == 50_000)
    #expect(lines[5]["reason"]?.text == "test over")
    #expect(reader.rawLine() == nil)
  }

  @Test func everyFastReaderSeesEveryNumberAndTheSameBytes() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    let readers = try (0..<3).map { _ in try Reader(directory.socket) }
    for reader in readers { try reader.greet() }
    var lines = readers.map { _ in [[UInt8]]() }
    for frame in 1...2000 as ClosedRange<UInt64> {
      publisher.publish(Sample.result(frame))
      if frame % 100 == 0 {
        for (index, reader) in readers.enumerated() {
          for _ in 0..<100 { lines[index].append(try #require(reader.rawLine())) }
        }
      }
    }
    publisher.stop(reason: "test over")
    #expect(lines[0] == lines[1] && lines[1] == lines[2])
    let numbers = try lines[0].map { try JSONValue(parsing: $0)["seq"]?.integer }
    #expect(numbers == (1...2000).map { Int64($0) })
  }

  @Test func limitsResultsOfEachRegionWithoutLosingNumbers() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket, resultsPerSecond: 5)
    let reader = try Reader(directory.socket)
    try reader.greet()
    // Ten seconds at 30 frames a second, of two regions.
    for frame in 1...300 as ClosedRange<UInt64> {
      publisher.publish(Sample.result(frame))
      publisher.publish(Sample.result(frame, region: "right"))
    }
    publisher.stop(reason: "test over")
    let lines = try reader.lines(until: "bye")
    let left = lines.filter { $0["region"]?.text == "left" }
    #expect((49...51).contains(left.count))
    #expect(lines.count == 2 * left.count + 1)
    #expect(lines.map { $0["seq"]?.integer } == (1...lines.count).map { Int64($0) })
  }

  @Test func namesTheStateOfTheActiveModelsDrop() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    defer { publisher.stop(reason: "test over") }
    let new = String(repeating: "f", count: 64)
    publisher.publish(Sample.model("settling", name: "new"))
    publisher.publish(Sample.model("probation", name: "new", sha256: new, generation: 2))
    publisher.setModel(ActiveModel(name: "new", sha256: new, generation: 2, labels: ["a"]))
    var (_, snapshot) = try Reader(directory.socket).greet()
    #expect(snapshot["model"]?["phase"]?.text == "probation")
    #expect(snapshot["model"]?["generation"]?.integer == 2)
    publisher.publish(Sample.model("committed", name: "new", sha256: new, generation: 2))
    // The same bytes once more, beside another sidecar: another drop, which says nothing of the model in charge.
    publisher.publish(Sample.model("rejected", name: "again", sha256: new, reason: "labels_mismatch"))
    (_, snapshot) = try Reader(directory.socket).greet()
    #expect(snapshot["model"]?["phase"]?.text == "committed")
    #expect(snapshot["drops"]?.array?.count == 2)
  }

  @Test func keepsStatesOfRegionsThatStayAfterAReload() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    defer { publisher.stop(reason: "test over") }
    publisher.publish(Sample.state("mask"))
    publisher.setCameras([
      CameraDescription(
        name: "door", device: "/dev/video0",
        regions: [RegionDescription(name: "new"), RegionDescription(name: "left")])
    ])
    let (hello, snapshot) = try Reader(directory.socket).greet()
    #expect(hello["cameras"]?.array?.count == 1)
    #expect(snapshot["regions"]?.array?.map { $0["state"]?.text } == ["indeterminate", "mask"])
  }

  @Test func longLinesAreShortenedAndSaySo() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    let labels = (0..<5000).map { "label number \($0)" }
    publisher.setModel(ActiveModel(name: "many", sha256: Sample.sha256, generation: 2, labels: labels))
    let reader = try Reader(directory.socket)
    #expect(try reader.greet().hello["truncated"] == .bool(true))
    let scores = LabelScores(labels: labels, scores: [Float](repeating: 0.5, count: labels.count))
    publisher.publish(
      .result(
        ResultMessage(
          camera: "door", region: "left", scores: scores, frame: 1, capturedAt: 1,
          latency: .init(dequeue: 0, preprocess: 0, inference: 0, total: 0), generation: 2)))
    publisher.stop(reason: "test over")
    let lines = try reader.lines(until: "bye")
    #expect(lines.first?["truncated"] == .bool(true))
    #expect(lines.first?["scores"] == nil)
  }
}
