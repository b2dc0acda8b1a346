/// Finds how many of the worst layers must stay float for a limit to hold, in few attempts: the number is doubled until
/// the limit holds, and then brought back by halves.
///
/// More layers in float need not always be better; what the search ends with was tried all the same.
public struct FloatLayerSearch: Sendable {
  /// How many layers could stay float.
  public let layerCount: Int
  /// The greatest number that did not do.
  private var tooFew = 0
  /// The least number that did; nil as long as none did.
  private var enough: Int?

  /// Begins with knowing that none in float does not do.
  public init(layerCount: Int) { self.layerCount = layerCount }

  /// The number to try next; nil when there is nothing left to try.
  public var next: Int? {
    if let enough { return enough - tooFew > 1 ? tooFew + (enough - tooFew) / 2 : nil }
    return tooFew < layerCount ? min(max(1, 2 * tooFew), layerCount) : nil
  }

  /// Notes whether the limit held with `next` layers in float.
  public mutating func record(holds: Bool) {
    guard let tried = next else { return }
    if holds { enough = tried } else { tooFew = tried }
  }
}
