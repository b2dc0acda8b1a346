import Classification
import Imaging

extension Classifier {
  /// Reads a picture, makes the model's input of it as the daemon would, and judges it; the scores are then in `scores`.
  func judge(pictureAt path: String, region: (PictureFormat) -> Region = { _ in .whole }) throws(ImagingError) {
    let decoded = try PictureFile.read(path: path)
    let preprocessor = try makePreprocessor(format: decoded.format, region: region(decoded.format))
    try decoded.withPicture { (picture) throws(ImagingError) in _ = try preprocess(picture, with: preprocessor) }
    infer()
  }
}
