/// Where each computed tensor lies in the arena: greedy by size, each at the lowest place that is free for as long as
/// the tensor lives.
struct ArenaPlan {
  /// A tensor that needs a place.
  struct Request {
    /// Bytes; a tensor without elements asks for none and gets a place all the same.
    var byteCount: Int
    /// The steps during which the bytes must stay untouched, first and last included.
    var lifetime: ClosedRange<Int>
  }

  /// One offset for each request, multiples of `Arena.alignment`.
  let offsets: [Int]
  /// The size of the whole arena.
  let byteCount: Int

  /// Plans; the sum of all sizes, rounded up, must fit an `Int`.
  init(_ requests: [Request]) {
    var offsets = [Int](repeating: 0, count: requests.count)
    var total = 0
    // The placed requests in the order of their offsets.
    var placed: [Int] = []
    let largestFirst = requests.indices.sorted {
      (requests[$1].byteCount, $0) < (requests[$0].byteCount, $1)
    }
    for index in largestFirst {
      let size = Self.aligned(requests[index].byteCount)
      var offset = 0
      for other in placed where requests[other].lifetime.overlaps(requests[index].lifetime) {
        if offsets[other] - offset >= size { break }
        offset = max(offset, offsets[other] + Self.aligned(requests[other].byteCount))
      }
      offsets[index] = offset
      total = max(total, offset + size)
      placed.insert(index, at: placed.firstIndex { offsets[$0] > offset } ?? placed.endIndex)
    }
    self.offsets = offsets
    byteCount = total
  }

  /// `byteCount` rounded up to the alignment; never zero, so that neighbours do not share an address.
  static func aligned(_ byteCount: Int) -> Int {
    (max(1, byteCount) + Arena.alignment - 1) / Arena.alignment * Arena.alignment
  }
}
