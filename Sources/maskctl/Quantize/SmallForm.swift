import Quantization
import TFLite

/// A float model in a smaller form, of which some layers can be left in float without doing the work again.
enum SmallForm {
  case float32(FloatModel)
  case float16(FloatModel)
  /// Errors of layers are empty where nobody measured them.
  case dynamic(FloatModel, [LayerError])
  case int8(IntegerModel)

  /// What layers lose in this form, the worst first.
  var layers: [LayerError] {
    switch self {
    case .float32, .float16: []
    case .dynamic(_, let layers): layers
    case .int8(let model): model.layers
    }
  }

  /// So many of the worst layers and whatever must stay float with them, by their place in the float graph.
  func worstLayers(_ count: Int) -> [Int] {
    if case .int8(let model) = self { return model.worstLayers(count) }
    return layers.prefix(count).map(\.index)
  }

  /// The model to write, with some layers in float, by their place in the float graph. `clustering` is what an int8 model
  /// was made with.
  func draft(keepingFloat kept: Set<Int>, _ clustering: Clustering?) -> ModelDraft {
    switch self {
    case .float32(let model): model.clustered(clustering).draft
    case .float16(let model): model.clustered(clustering).withFloat16Weights()
    case .dynamic(let model, _): model.withDynamicRange(keepingFloat: kept, clustering)
    case .int8(let model): model.draft(keepingFloat: kept)
    }
  }
}
