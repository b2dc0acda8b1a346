import FoundationEssentials
import Testing

/// `maskctl evaluate` on the sample pictures.
@Suite struct EvaluateTests {
  private struct Report: Decodable {
    struct Share: Decodable {
      var value: Double
      var count: Int
      var of: Int
    }
    struct Comparison: Decodable {
      var only_first_right: Int
      var only_second_right: Int
      var p: Double
    }
    struct Model: Decodable {
      var accuracy: Share
      var confusion: [[Int]]
      var unreadable: Int
      var warnings: [String]
    }
    var models: [Model]
    var comparisons: [Comparison]
  }

  private let folder: TemporaryFolder
  private let samples = packageFolder + "/models/samples"
  private let model = packageFolder + "/models/mask_mobilenetv2_int8.tflite"

  init() throws { folder = try TemporaryFolder() }

  private func maskctl(_ arguments: String...) throws -> (status: CInt, output: String, complaint: String) {
    let program = try Program("maskctl", arguments, environment: [:], log: folder.path + "/log")
    let status = program.waitForExit()
    return (status, program.output, program.log)
  }

  private func report(_ output: String) throws -> Report {
    try JSONDecoder().decode(Report.self, from: Data(output.utf8))
  }

  /// A folder a class, with two faces in each; `exchanged` puts them into each other's.
  private func pictures(exchanged: Bool = false) throws -> String {
    let root = try folder.makeFolder("pictures")
    for (label, suffix) in [("mask", "_mask"), ("no_mask", "")] {
      let other = label == "mask" ? "no_mask" : "mask"
      let place = try folder.makeFolder("pictures/\(exchanged ? other : label)")
      for name in ["jemison", "johnson"] {
        try write(readBytes("\(samples)/\(name)_face\(suffix).jpg"), to: "\(place)/\(name).jpg")
      }
    }
    return root
  }

  @Test func aFolderAClassIsCounted() throws {
    let (status, output, complaint) = try maskctl("evaluate", "--json", model, try pictures())
    #expect(status == 0, "\(complaint)")
    let model = try #require(try report(output).models.first)
    #expect(model.confusion == [[2, 0], [0, 2]])
    #expect(model.accuracy.count == 4)
    #expect(model.warnings.isEmpty)
  }

  @Test func aTableNamesFilesBesideIt() throws {
    let root = try pictures()
    let table = "file,label,remark\nmask/jemison.jpg,no_mask,\"wrong, on purpose\"\nno_mask/johnson.jpg,no_mask,\n"
    try write(table.utf8, to: "\(root)/table.csv")
    let (status, output, complaint) = try maskctl("evaluate", "--json", model, "\(root)/table.csv")
    #expect(status == 0, "\(complaint)")
    #expect(try report(output).models.first?.confusion == [[0, 0], [1, 1]])
    #expect(complaint.contains("there are no pictures of \"mask\""))
  }

  @Test func modelsAreComparedWithTheFirst() throws {
    let page = folder.path + "/page.html"
    let (status, output, complaint) = try maskctl(
      "evaluate", "--json", "--report", page, model, model, try pictures())
    #expect(status == 0, "\(complaint)")
    let comparison = try #require(try report(output).comparisons.first)
    #expect(comparison.p == 1)
    #expect(comparison.only_first_right + comparison.only_second_right == 0)
    let html = String(decoding: try readBytes(page), as: UTF8.self)
    #expect(html.contains("2 models side by side"))
    #expect(!html.contains("http"))
  }

  @Test func mistakesAreListed() throws {
    let (status, output, complaint) = try maskctl("evaluate", model, try pictures(exchanged: true))
    #expect(status == 0, "\(complaint)")
    #expect(output.contains("accuracy     0.00 %"))
    #expect(output.contains("pictures/mask/jemison.jpg"))
  }

  @Test func anUnreadablePictureIsToldAndLeftOut() throws {
    let root = try pictures()
    try write("no picture".utf8, to: "\(root)/mask/bad.jpg")
    let (status, output, complaint) = try maskctl("evaluate", "--json", model, root)
    #expect(status == 66)
    #expect(try report(output).models.first?.unreadable == 1)
    #expect(try report(output).models.first?.accuracy.of == 4)
    #expect(complaint.contains("mask/bad.jpg"))
    #expect(complaint.contains("1 of 5 pictures could not be judged"))
  }

  @Test func whatCannotBeEvaluatedIsASentence() throws {
    let root = try pictures()
    _ = try folder.makeFolder("pictures/helmet")
    try write(readBytes("\(samples)/none_sky.jpg"), to: "\(root)/helmet/sky.jpg")
    let unknown = try maskctl("evaluate", model, root)
    #expect(unknown.status == 66)
    #expect(unknown.complaint.contains("pictures of the class \"helmet\""))
    #expect(unknown.complaint.contains("mask, no_mask"))
    let empty = try maskctl("evaluate", model, try folder.makeFolder("empty"))
    #expect(empty.status == 66)
    #expect(empty.complaint.contains("there are no pictures (.jpg, .jpeg, .png)"))
    try write("name,class\na.jpg,mask\n".utf8, to: folder.path + "/table.csv")
    let table = try maskctl("evaluate", model, folder.path + "/table.csv")
    #expect(table.status == 66)
    #expect(table.complaint.contains("line 1: there is no column \"file\""))
    #expect(try maskctl("evaluate", model, folder.path + "/nowhere").status == 66)
    #expect(try maskctl("evaluate", "\(samples)/none_sky.jpg", root).status == 65)
    #expect(try maskctl("evaluate", model).status == 64)
  }

  @Test func aReportThatCannotBeWrittenLosesNoFigures() throws {
    let (status, output, complaint) = try maskctl("evaluate", "--report", "/nowhere/page.html", model, try pictures())
    #expect(status == 73)
    #expect(output.contains("accuracy     100.00 %"))
    #expect(complaint.contains("/nowhere/page.html"))
  }
}
