import ArgumentParser
import Classification
import Configuration
import Imaging

/// `maskctl classify`: what a model says of pictures, through the path that the daemon's frames take.
struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what a model makes of JPEG and PNG pictures.",
    discussion: """
      The whole picture is judged, or the part that --crop names. A picture that cannot be judged is told on standard \
      error; the others are judged all the same, and the exit status is 66.

      Example: maskctl classify models/samples/*_face*.jpg
      """)

  @Argument(help: "Pictures to judge.")
  var images: [String]

  @Option(
    help: ArgumentHelp(
      "A .tflite file, its sidecar beside it. Default: the model that comes with maskd.", valueName: "file"))
  var model: String?

  @Option(help: ArgumentHelp("The part to judge, in pixels of the picture.", valueName: "left,top,right,bottom"))
  var crop: PixelBox?

  @Flag(help: "Print a JSON object for each picture.")
  var json = false

  func run() throws {
    try Failure.exiting { () throws(Failure) in
      let classifier = try Classifier.load(model ?? Directories.current().packagedModel)
      let width = images.map(\.count).max() ?? 0
      var failedCount = 0
      for image in images {
        let answer: Answer
        do throws(Failure) {
          answer = try judge(image, with: classifier)
        } catch {
          Terminal.complain("maskctl: \(error.sentence)")
          failedCount += 1
          continue
        }
        try Terminal.write((json ? answer.json : answer.text(width: width)) + "\n")
      }
      if failedCount > 0 { throw Failure(.noInput, "\(failedCount) of \(images.count) pictures could not be judged") }
    }
  }

  private func judge(_ image: String, with classifier: Classifier) throws(Failure) -> Answer {
    do throws(ImagingError) {
      try classifier.judge(pictureAt: image) { crop?.region(in: $0) ?? .whole }
    } catch {
      if case .badRegion = error { throw Failure(.noInput, "\(image): --crop reaches out of the picture") }
      throw Failure(.noInput, error.description)
    }
    return Answer(file: image, labels: classifier.labels, scores: classifier.scores, rawValues: classifier.rawValues)
  }
}

/// What a model said of one picture.
private struct Answer {
  let file: String
  let labels: [String]
  let scores: [Float]
  let rawValues: [Double]

  /// The label with the highest score; the first of several.
  private var best: Int { scores.indices.max { scores[$0] < scores[$1] || (scores[$0] == scores[$1] && $0 > $1) } ?? 0 }

  /// Aligned for people, best labels first.
  func text(width: Int) -> String {
    let padding = String(repeating: " ", count: max(0, width - file.count))
    let ordered = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(3)
    let label = labels.isEmpty ? "" : labels[best]
    let details = ordered.map { "\(labels[$0]) \(twoDigits(Double(scores[$0])))" }.joined(separator: "  ")
    return "\(file)\(padding)  \(Color.paint(state: label, label))  \(Color.dim.paint(details))"
  }

  /// One JSON object: scores by label, and the model's own output values.
  var json: String {
    let scoresText = zip(labels, scores).map { "\(JSONText.string($0)):\(JSONText.number(Double($1)))" }
    let raw = rawValues.map { JSONText.number($0) }
    return """
      {"file":\(JSONText.string(file)),"label":\(JSONText.string(labels.isEmpty ? "" : labels[best])),\
      "scores":{\(scoresText.joined(separator: ","))},"raw":[\(raw.joined(separator: ","))]}
      """
  }
}

/// A part of a picture, in pixels.
struct PixelBox: ExpressibleByArgument {
  let left, top, right, bottom: Int

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 4, let left = numbers[0], let top = numbers[1], let right = numbers[2],
      let bottom = numbers[3], left >= 0, top >= 0, right > left, bottom > top
    else { return nil }
    (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
  }

  /// The box as fractions of a picture; some are beyond 1 where it reaches out of it.
  func region(in format: PictureFormat) -> Region {
    let (width, height) = (Double(format.width), Double(format.height))
    return Region(
      x: Double(left) / width, y: Double(top) / height, width: Double(right - left) / width,
      height: Double(bottom - top) / height)
  }
}

extension Classifier {
  /// Reads a model and its sidecar from disk and compiles it. `otherSidecar` stands in where there is none beside it.
  static func load(_ path: String, orSidecar otherSidecar: String? = nil) throws(Failure) -> Classifier {
    do throws(ClassificationError) {
      let file = try ModelFile(path: path)
      var sidecar = file.sidecar
      if sidecar == nil, let otherSidecar { sidecar = try ModelFile.sidecar(at: otherSidecar) }
      return try Classifier(model: file.model, sidecar: sidecar)
    } catch {
      throw failure(error, path)
    }
  }

  /// Compiles a model that is or will be at `path`.
  static func make(of model: [UInt8], sidecar: [UInt8]?, path: String) throws(Failure) -> Classifier {
    do throws(ClassificationError) {
      return try Classifier(model: model, sidecar: sidecar)
    } catch {
      throw failure(error, path)
    }
  }

  private static func failure(_ error: ClassificationError, _ path: String) -> Failure {
    if case .unreadable = error { return Failure(.noInput, error.description) }
    return Failure(.badModel, "\(path): \(error.description)")
  }
}
