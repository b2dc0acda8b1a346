import Glibc
import Testing

@testable import Configuration

/// The documents say what the code does.
@Suite struct DocumentationTests {
  /// The top of the checkout.
  static let top = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()

  static func text(_ path: String) throws -> String {
    String(decoding: try ConfigurationFiles.read("\(top)/\(path)"), as: UTF8.self)
  }

  @Test func everyKeyIsDescribedWithItsRange() throws {
    let text = try Self.text("docs/configuration.md")
    for (key, expectation) in Settings.keys {
      let row = text.split(separator: "\n").first { $0.hasPrefix("| `\(key)` |") }
      #expect(row?.contains(expectation) == true, "| `\(key)` | \(expectation) |")
    }
  }

  @Test func theExamplesOfTheDocumentAreValid() throws {
    let directory = try TemporaryDirectory()
    let blocks = try Self.text("docs/configuration.md").split(separator: "```yaml\n").dropFirst()
    #expect(blocks.count >= 2)
    for block in blocks {
      let example = block.split(separator: "```").first.map(String.init) ?? ""
      #expect(directory.errors(example) == [], "\(example)")
    }
  }

  @Test func theFileThatComesWithTheProgramSetsNothing() throws {
    let directory = try TemporaryDirectory()
    let settings = try directory.load(try Self.text("deploy/maskd.yaml"))
    #expect(settings == Settings(directories: directory.directories))
  }

  @Test func itsCommentedKeysAreTheDefaults() throws {
    let directory = try TemporaryDirectory()
    let lines = try Self.text("deploy/maskd.yaml").split(separator: "\n")
    // A key is commented out as "#key" or "#  key", prose as "# Prose".
    let isProse = { (line: Substring) in line.hasPrefix("# ") && !line.hasPrefix("#  ") }
    let keys = lines.filter { !isProse($0) }.map { $0.dropFirst() }.joined(separator: "\n")
    var expected = Settings(directories: directory.directories)
    expected.models.packaged = "/usr/share/maskd/models/\(Directories.packagedModelName)"
    #expect(try directory.load(keys) == expected)
    for (key, _) in Settings.keys where !key.contains("replay") {
      let last = try #require(key.split(separator: ".").last)
      #expect(keys.contains("\(last):"), "\(key)")
    }
  }
}
