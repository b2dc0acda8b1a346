import FoundationEssentials

/// One web page that holds all it shows: no script, no file beside it, nothing fetched. Text is escaped.
public struct ReportPage {
  private let title: String
  private var body = ""

  /// `subtitle` stands below the title.
  public init(title: String, subtitle: String) {
    self.title = title
    body = "<h1>\(Markup.escaped(title))</h1>\n<p class=\"sub\">\(Markup.escaped(subtitle))</p>\n"
  }

  /// Begins a section.
  public mutating func addHeading(_ text: String) { body += "<h2>\(Markup.escaped(text))</h2>\n" }

  /// A paragraph of plain text.
  public mutating func addParagraph(_ text: String) { body += "<p>\(Markup.escaped(text))</p>\n" }

  /// A paragraph that must not be missed.
  public mutating func addWarning(_ text: String) { body += "<p class=\"warn\">\(Markup.escaped(text))</p>\n" }

  /// A table; columns that hold figures are set right.
  public mutating func addTable(_ columns: [(title: String, isFigure: Bool)], _ rows: [[String]]) {
    func cells(_ tag: String, _ texts: [String]) -> String {
      zip(columns, texts).map { column, text in
        "<\(tag)\(column.isFigure ? " class=\"n\"" : "")>\(Markup.escaped(text))</\(tag)>"
      }.joined()
    }
    body += "<div class=\"wide\"><table><thead><tr>\(cells("th", columns.map(\.title)))</tr></thead><tbody>\n"
    for row in rows { body += "<tr>\(cells("td", row))</tr>\n" }
    body += "</tbody></table></div>\n"
  }

  /// What a reader opens by its summary.
  public mutating func addDetails(_ summary: String, isOpen: Bool = false, _ content: (inout ReportPage) -> Void) {
    body += "<details\(isOpen ? " open" : "")><summary>\(Markup.escaped(summary))</summary>\n"
    content(&self)
    body += "</details>\n"
  }

  /// Plots side by side, as many as fit.
  public mutating func addPlots(_ plots: [any Plot]) {
    body += "<div class=\"row\">\n"
    for plot in plots {
      body +=
        "<figure><figcaption>\(Markup.escaped(plot.title))</figcaption>\n\(plot.drawing)\n</figure>\n"
    }
    body += "</div>\n"
  }

  /// Small pictures with a line below each; `bytes` is a JPEG or PNG file, or empty where only the line is shown.
  public mutating func addPictures(_ pictures: [(bytes: [UInt8], caption: String)]) {
    body += "<div class=\"row\">\n"
    for picture in pictures {
      let kind = picture.bytes.starts(with: [0x89, 0x50]) ? "png" : "jpeg"
      body += "<figure class=\"pic\">"
      if !picture.bytes.isEmpty {
        body += "<img alt=\"\" src=\"data:image/\(kind);base64,\(Data(picture.bytes).base64EncodedString())\">"
      }
      body += "<figcaption>\(Markup.escaped(picture.caption))</figcaption></figure>\n"
    }
    body += "</div>\n"
  }

  /// The whole page.
  public var html: String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><title>\(Markup.escaped(title))</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <style>\(Self.style)</style></head><body>
    \(body)</body></html>

    """
  }

  private static let style = """
    :root{color-scheme:light dark;--ink:#1c2126;--dim:#68727d;--line:#d5dade;--page:#fff;--one:#1f6fb2;--two:#c4572b;\
    --three:#2d8a57;--warn:#fff3d6}
    @media(prefers-color-scheme:dark){:root{--ink:#e4e7ea;--dim:#98a2ac;--line:#3a424a;--page:#15191d;--one:#62a8e5;\
    --two:#ea8a62;--three:#62bd8b;--warn:#4a3b12}}
    body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:1100px;margin:2em auto;\
    padding:0 1em}
    h1{font-size:1.5em;margin-bottom:0}h2{font-size:1.15em;margin:2em 0 .5em}.sub{color:var(--dim);margin-top:.2em}
    .warn{background:var(--warn);border-left:4px solid var(--two);padding:.6em .9em}
    table{border-collapse:collapse;margin:.6em 0}th,td{padding:.2em .9em .2em 0;text-align:left;vertical-align:top}
    th{color:var(--dim);font-weight:600;border-bottom:1px solid var(--line)}.n{text-align:right;\
    font-variant-numeric:tabular-nums}
    .row{display:flex;flex-wrap:wrap;gap:1.4em}figure{margin:.4em 0;max-width:100%}figcaption{font-weight:600}
    .wide,figure{overflow-x:auto}summary{cursor:pointer;padding:.2em 0}summary,h1,h2,p{overflow-wrap:anywhere}
    .pic{width:120px}.pic img{width:120px;height:120px;object-fit:contain;background:var(--line)}\
    .pic figcaption{font-weight:400;font-size:12px;overflow-wrap:anywhere}
    svg text{font:11px system-ui,sans-serif;fill:var(--ink)}svg .dim{fill:var(--dim)}
    svg .grid{stroke:var(--line)}svg .one{stroke:var(--one)}svg .two{stroke:var(--two)}svg .three{stroke:var(--three)}
    svg .fill-one{fill:var(--one)}svg .fill-two{fill:var(--two)}svg .fill-three{fill:var(--three)}
    """
}
