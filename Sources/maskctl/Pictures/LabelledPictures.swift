import Glibc

/// Pictures whose classes are known: a folder with a folder for each class, or a table of files and classes.
struct LabelledPictures {
  /// One of them.
  struct Picture {
    let path: String
    let label: String
  }

  /// By class and name, or in the order of the table.
  let pictures: [Picture]
  /// The classes that have pictures, in the order in which they came.
  let labels: [String]

  /// Reads names, no pictures. `path` is a folder, or a file that is read as a table.
  init(_ path: String) throws(Failure) {
    var status = stat()
    let isFolder = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    pictures = isFolder ? try Self.pictures(inFoldersOf: path) : try Self.pictures(inTable: path)
    var labels: [String] = []
    var known: Set<String> = []
    for picture in pictures where known.insert(picture.label).inserted { labels.append(picture.label) }
    self.labels = labels
  }

  private static func pictures(inFoldersOf folder: String) throws(Failure) -> [Picture] {
    let root = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    var pictures: [Picture] = []
    for label in try PictureTree.folders(in: root) {
      pictures += try PictureTree.pictures(below: "\(root)/\(label)").map { Picture(path: $0, label: label) }
    }
    guard !pictures.isEmpty else {
      throw Failure(
        .noInput, "\(folder): there are no pictures (.jpg, .jpeg, .png) in folders named after the model's labels")
    }
    return pictures
  }

  private static func pictures(inTable path: String) throws(Failure) -> [Picture] {
    let table = try SeparatedTable(path: path, columns: ["file", "label"])
    guard !table.rows.isEmpty else { throw Failure(.noInput, "\(path): the table has no rows below its header") }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    return table.rows.map { row in
      Picture(path: row[0].hasPrefix("/") ? row[0] : folder + row[0], label: row[1])
    }
  }
}
