import Classification
import Glibc
import Imaging
import Quantization
import TFLite

/// Pictures below a folder as a model's input, through the path that the daemon's frames take.
struct CalibrationPictures: Samples {
  /// Fewer say little of the pictures to come.
  static let countMin = 32

  let paths: [String]
  let contract: InputContract
  /// Folders directly in the folder that have pictures, which are taken for classes; 0 where pictures lie in no folder.
  let classCount: Int
  /// Pictures that there are; `paths` has those that are used.
  let foundCount: Int

  var count: Int { paths.count }

  /// Pictures of no known classes.
  init(paths: [String], contract: InputContract) {
    (self.paths, self.contract) = (paths, contract)
    (classCount, foundCount) = (0, paths.count)
  }

  /// Finds pictures; of more than `countMax` it takes as many from each class as from the others, spread evenly.
  init(_ folder: String, contract: InputContract, countMax: Int) throws(Failure) {
    self.contract = contract
    var classes: [[String]] = []
    for name in try PictureTree.folders(in: folder) {
      let pictures = try PictureTree.pictures(below: "\(folder)/\(name)")
      if !pictures.isEmpty { classes.append(pictures) }
    }
    classCount = classes.count
    if classes.isEmpty { classes = [try PictureTree.pictures(below: folder)] }
    foundCount = classes.map(\.count).reduce(0, +)
    guard foundCount > 0 else {
      throw Failure(.noInput, "\(folder): there are no pictures (.jpg, .jpeg, .png) below it")
    }
    paths = Self.evenly(classes, countMax: countMax)
  }

  /// The smallest classes are used whole; the rest share what is left.
  private static func evenly(_ classes: [[String]], countMax: Int) -> [String] {
    var chosen: [String] = []
    let bySize = classes.sorted { $0.count < $1.count }
    for (index, pictures) in bySize.enumerated() {
      let share = min(pictures.count, (countMax - chosen.count) / (bySize.count - index))
      chosen += (0..<share).map { pictures[$0 * pictures.count / share] }
    }
    return chosen
  }

  /// What is wrong with them as a sample of what is to come; nil where nothing is known to be.
  var weakness: String? {
    if count < Self.countMin {
      return "\(count) pictures are too few to learn ranges from; \(Self.countMin) at least, better 200"
    }
    if classCount == 1 {
      return "all pictures are of one class, whose ranges need not be those of the others; give a folder for each class"
    }
    return nil
  }

  func fill(_ input: UnsafeMutableRawBufferPointer, with sample: Int) throws(QuantizationError) {
    do throws(ImagingError) {
      let decoded = try PictureFile.read(path: paths[sample])
      let preprocessor = try Preprocessor(format: decoded.format, region: .whole, contract: contract)
      try decoded.withPicture { (picture) throws(ImagingError) in _ = try preprocessor.fill(input, from: picture) }
    } catch {
      throw .sample("\(error); mend it or take it out of the folder")
    }
  }
}

extension InputContract {
  /// What the values 0 and 255 of a picture become, in all channels together.
  var realRange: ClosedRange<Float> {
    let ends = (0..<channels).flatMap { channel in
      [0, 255].map { value in
        (value - mapping.mean[mapping.mean.count == 1 ? 0 : channel])
          / mapping.standardDeviation[mapping.standardDeviation.count == 1 ? 0 : channel]
      }
    }
    return Float(ends.min() ?? 0)...Float(ends.max() ?? 0)
  }
}
