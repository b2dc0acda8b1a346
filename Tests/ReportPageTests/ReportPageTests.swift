import ReportPage
import Testing

@Suite struct ReportPageTests {
  @Test func textIsEscapedEverywhere() {
    var page = ReportPage(title: "<a>", subtitle: "b & \"c\"")
    page.addParagraph("<p>")
    page.addWarning("<w>")
    page.addTable([("<t>", false)], [["<d>"]])
    page.addPlots([MatrixPlot(title: "<m>", labels: ["<l>"], counts: [[1]])])
    page.addPictures([([0xFF, 0xD8], "<f>")])
    for tag in ["<a>", "<p><p>", "<w>", "<t>", "<d>", "<m>", "<l>", "<f>"] { #expect(!page.html.contains(tag)) }
    for text in ["&lt;a&gt;", "b &amp; &quot;c&quot;", "&lt;w&gt;", "&lt;d&gt;", "&lt;l&gt;", "&lt;f&gt;"] {
      #expect(page.html.contains(text))
    }
  }

  @Test func nothingIsFetched() {
    var page = ReportPage(title: "t", subtitle: "s")
    page.addPictures([([0x89, 0x50, 0x4E, 0x47], "p")])
    #expect(!page.html.contains("http"))
    #expect(!page.html.contains("<script"))
    #expect(page.html.contains("data:image/png;base64,iVBORw=="))
  }

  // RFC 4648, section 10.
  @Test(arguments: [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")])
  func picturesAreBase64(plain: String, encoded: String) {
    var page = ReportPage(title: "t", subtitle: "s")
    page.addPictures([(Array(plain.utf8), "p")])
    #expect(page.html.contains("base64,\(encoded)\""))
  }

  @Test func pointsLieInTheFrame() {
    let plot = LinePlot(
      title: "l", xName: "x", yName: "y", series: [.init("a", [(0, 0), (1, 1), (.nan, 0.5), (9, -9)])])
    // The corners of the frame, and what lies beyond them moved to its edge.
    #expect(plot.drawing.contains("points=\"44,226 310,10 310,226\""))
  }

  @Test func bandsCountEveryValue() {
    let plot = Histogram(title: "h", xName: "x", range: 0...1, bandCount: 2, sets: [("", [-1, 0.2, 0.7, 5, 0.9])])
    // Two in the first band, three in the second, on a scale to 4.
    #expect(plot.drawing.contains("height=\"108\""))
    #expect(plot.drawing.contains("height=\"162\""))
  }

  @Test func emptyAndFlatPlotsAreDrawn() {
    #expect(Histogram(title: "h", xName: "x", range: 1...1, sets: []).drawing.hasSuffix("</svg>"))
    #expect(LinePlot(title: "l", xName: "x", yName: "y", x: 2...2, series: []).drawing.hasSuffix("</svg>"))
  }
}
