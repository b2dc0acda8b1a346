import Testing

@testable import TFLite

struct ModelMetadataTests {
  /// A model whose metadata names `labels.txt`, and a normalisation; the archive is put behind it.
  static func model(archive: String?, mean: [Float] = [127.5], deviation: [Float] = [128]) throws -> Model {
    let options = Written.table([0: .reference(.floats(mean)), 1: .reference(.floats(deviation))])
    let unit = Written.table([0: .byte(1), 1: .reference(options)])
    let input = Written.table([4: .reference(.tables([unit]))])
    let files: [Written] = [
      .table([0: .reference(.string("readme.txt")), 2: .byte(1)]),
      .table([0: .reference(.string("labels.txt")), 2: .byte(2)]),
    ]
    let output = Written.table([6: .reference(.tables(files))])
    let subgraph = Written.table([2: .reference(.tables([input])), 3: .reference(.tables([output]))])
    let metadata = FlatBufferWriter.file(
      .table([
        0: .reference(.string("flowers")), 1: .reference(.string("Names flowers.")),
        3: .reference(.tables([subgraph])), 4: .reference(.string("a gardener")),
      ]), identifier: "M001")
    var bytes = ModelWriter.changed {
      $0.buffers.append([0: .reference(.bytes(metadata))])
      $0.root[6] = .reference(.tables([.table([0: .reference(.string("TFLITE_METADATA")), 1: .int32(2)])]))
    }
    if let archive { bytes += try #require(TestFiles.bytes("\(TestFiles.fixtures)/archives/\(archive)")) }
    return try Model(parsing: bytes)
  }

  @Test func readsNormalisationAndStoredLabels() throws {
    let metadata = try #require(try Self.model(archive: "stored.zip").readMetadata())
    #expect(metadata.name == "flowers" && metadata.author == "a gardener" && metadata.license.isEmpty)
    #expect(metadata.normalization == .init(mean: [127.5], standardDeviation: [128]))
    #expect(metadata.labelFile == "labels.txt")
    #expect(metadata.labels == ["daisy", "dandelion", "röses"])
  }

  @Test func aModelWithoutMetadataHasNone() throws {
    #expect(try Model(parsing: ModelWriter().bytes).readMetadata() == nil)
  }

  @Test func saysWhatIsWrong() throws {
    expect("compressed", .unsupportedType, try Self.model(archive: "deflated.zip"))
    expect("archive", .notTFLite, try Self.model(archive: nil))
    expect("std [0.0]", .shapeMismatch, try Self.model(archive: "stored.zip", deviation: [0]))
    expect("normalisation", .shapeMismatch, try Self.model(archive: "stored.zip", deviation: [1, 1]))
  }

  private func expect(_ text: String, _ reason: ModelError.Reason, _ model: @autoclosure () throws -> Model) {
    do {
      _ = try model().readMetadata()
      Issue.record("accepted: \(text)")
    } catch let error as ModelError {
      #expect(error.description.lowercased().contains(text.lowercased()))
      #expect(error.reason == reason)
    } catch {
      Issue.record(error)
    }
  }

  @Test func damagedArchivesNeverTrap() throws {
    let good = try Self.model(archive: "stored.zip").bytes.array
    let archiveStart = good.count - 253
    for position in archiveStart..<good.count {
      for value: UInt8 in [0, 1, 0x7F, 0xFF] where good[position] != value {
        var bytes = good
        bytes[position] = value
        // Whatever is bent: the labels are the right ones, or there is an error.
        if let labels = try? Model(parsing: bytes).readMetadata()?.labels {
          #expect(labels == ["daisy", "dandelion", "röses"], "byte \(position - archiveStart)")
        }
      }
      let cut = try Model(parsing: Array(good[..<position]))
      #expect(throws: ModelError.self) { try cut.readMetadata() }
    }
  }

  @Test(.enabled(if: TestFiles.shared != nil, "needs the corpus in ../shared"))
  func readsTheLabelsOfRealModels() throws {
    let expected: [String: (count: Int, first: String, mean: Float)] = [
      "automl_labeler_uint8": (5, "daisy", 0), "mobilenet_v1_025_224_uint8_metadata": (1_001, "background", 127.5),
      "mobilenet_v2_100_224_birds_uint8": (965, "Haemorhous cassinii (Cassin's Finch)", 127.5),
      "mobilenet_v1_025_128_uint8": (1_001, "background", 127.5),
    ]
    for (name, expected) in expected {
      let bytes = try #require(TestFiles.bytes("\(TestFiles.shared ?? "")/corpus/models/\(name).tflite"))
      let metadata = try #require(try Model(parsing: bytes).readMetadata())
      #expect(metadata.labels?.count == expected.count, "\(name)")
      #expect(metadata.labels?.first == expected.first, "\(name)")
      #expect(metadata.normalization?.mean == [expected.mean], "\(name)")
    }
  }
}
