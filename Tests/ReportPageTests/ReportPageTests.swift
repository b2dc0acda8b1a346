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

  @Test func barsHaveNamesAndALineToCompareWith() {
    let plot = BarPlot(
      title: "b", xName: "x", yName: "y", bars: [.init("<one>", 30), .init("two", 15, isMarked: true)],
      line: ("<limit>", 20))
    #expect(plot.drawing.contains("<title>&lt;one&gt;</title>") && plot.drawing.contains("&lt;limit&gt;"))
    // On an axis to 30, of 176 pixels: the second bar is half as high as the first, and of another colour.
    #expect(plot.drawing.contains("height=\"176\"><title>&lt;one"))
    #expect(plot.drawing.contains("height=\"88\"><title>two") && plot.drawing.contains("class=\"fill-two\""))
    #expect(BarPlot(title: "b", xName: "x", yName: "y", bars: []).drawing.hasSuffix("</svg>"))
    #expect(
      BarPlot(title: "b", xName: "x", yName: "y", bars: [.init("n", .nan)]).drawing.contains("<title>") == false)
  }

  @Test func marksWidenAHistogram() {
    let plot = Histogram(
      title: "h", xName: "x", range: 0...1, counted: [("", [4, 8])], marks: ("<ends>", [-1, 3]))
    // From -1 to 3 in 266 pixels: the first band begins at a quarter.
    #expect(plot.drawing.contains("x=\"110.5\"") && plot.drawing.contains("&lt;ends&gt;"))
    #expect(plot.drawing.contains("x1=\"44\"") && plot.drawing.contains("x1=\"310\""))
  }

  @Test func largeCountsAreShort() {
    let plot = Histogram(title: "h", xName: "x", range: 0...1, counted: [("", [1_264_832])])
    for text in [">1.30M<", ">949k<", ">316k<", ">0<"] { #expect(plot.drawing.contains(text), "\(text)") }
  }

  @Test func detailsAreClosedUnlessAsked() {
    var page = ReportPage(title: "t", subtitle: "s")
    page.addDetails("<more>") { $0.addParagraph("inside") }
    page.addDetails("open", isOpen: true) { _ in }
    #expect(page.html.contains("<details><summary>&lt;more&gt;</summary>\n<p>inside</p>\n</details>"))
    #expect(page.html.contains("<details open><summary>open"))
  }

  @Test func aPictureWithoutBytesIsItsLine() {
    var page = ReportPage(title: "t", subtitle: "s")
    page.addPictures([([], "only words")])
    #expect(page.html.contains("only words") && !page.html.contains("<img"))
  }
}
