/// The sentence for a key that is not known: the nearest one that is, or all of them.
func unknownKey(_ key: String, among known: [String]) -> String {
  let nearest = known.map { (key: $0, distance: editDistance(key.lowercased(), $0)) }.min { $0.distance < $1.distance }
  // A third of the letters wrong is no slip any more, but another word.
  if let nearest, nearest.distance <= max(2, nearest.key.count / 3) {
    return "\(quoted(key)) is no known key; \(nearest.key) is the nearest one"
  }
  return "\(quoted(key)) is no known key; known here: \(known.joined(separator: ", "))"
}

/// Letters to insert, remove, replace or swap with their neighbour (optimal string alignment). Keys beyond 64 bytes are
/// cut: they resemble nothing.
func editDistance(_ one: String, _ other: String) -> Int {
  let (one, other) = (Array(one.utf8.prefix(64)), Array(other.utf8.prefix(64)))
  var beforeLast = [Int](repeating: 0, count: other.count + 1)
  var last = Array(0...other.count)
  for row in 0..<one.count {
    var current = [row + 1]
    for column in 0..<other.count {
      let replacing = last[column] + (one[row] == other[column] ? 0 : 1)
      var best = min(replacing, last[column + 1] + 1, current[column] + 1)
      if row > 0, column > 0, one[row] == other[column - 1], one[row - 1] == other[column] {
        best = min(best, beforeLast[column - 1] + 1)
      }
      current.append(best)
    }
    (beforeLast, last) = (last, current)
  }
  return last[other.count]
}
