/// A text file with a header and a line for each row, separated by commas (RFC 4180, quotes and all) or by tabs.
struct SeparatedTable {
  /// The columns asked for, of each row.
  let rows: [[String]]

  private static let byteCountMax = 256 << 20

  /// Reads the columns of those names; others are passed over.
  init(path: String, columns: [String]) throws(Failure) {
    let bytes = try FileAccess.read(path)
    guard bytes.count <= Self.byteCountMax, let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(.noInput, "\(path): this is neither a folder nor a table of text (UTF-8)")
    }
    let firstLine = text.prefix { !$0.isNewline }
    let separator: Character = firstLine.contains("\t") ? "\t" : ","
    var records = Self.records(text, separator)
    guard !records.isEmpty else { throw Failure(.noInput, "\(path): the table is empty") }
    let header = records.removeFirst().fields
    var places: [Int] = []
    for column in columns {
      guard let place = header.firstIndex(of: column) else {
        throw Failure(
          .noInput,
          "\(path), line 1: there is no column \"\(column)\"; a header with \(columns.joined(separator: " and ")) is "
            + "expected")
      }
      places.append(place)
    }
    var rows: [[String]] = []
    for record in records {
      guard let last = places.max(), record.fields.count > last else {
        throw Failure(
          .noInput,
          "\(path), line \(record.line): there are \(record.fields.count) fields where the header has \(header.count)")
      }
      rows.append(places.map { record.fields[$0] })
    }
    self.rows = rows
  }

  private enum Place {
    case plain, quoted, afterQuote
  }

  /// Fields of each line that is not empty; quotes only have a meaning between commas.
  private static func records(_ text: String, _ separator: Character) -> [(line: Int, fields: [String])] {
    var records: [(line: Int, fields: [String])] = []
    var fields: [String] = []
    var field = ""
    var place = Place.plain
    var (line, firstLine) = (1, 1)
    func endRecord() {
      if !(fields.isEmpty && field.isEmpty) { records.append((firstLine, fields + [field])) }
      (fields, field, place) = ([], "", .plain)
    }
    for character in text {
      if character.isNewline { line += 1 }
      switch (place, character) {
      case (.quoted, "\""): place = .afterQuote
      case (.quoted, _): field.append(character)
      case (.afterQuote, "\""):
        field.append(character)
        place = .quoted
      case (.plain, "\"") where separator == "," && field.isEmpty: place = .quoted
      case (_, separator):
        fields.append(field)
        (field, place) = ("", .plain)
      case (_, _) where character.isNewline:
        endRecord()
        firstLine = line
      default: field.append(character)
      }
    }
    endRecord()
    return records
  }
}
