/// Finds the nodes that a selector may mean, and knows a camera again that comes back under another number.
struct CameraLocator {
  let selector: CameraSelector
  /// The camera that ran last.
  var known: CameraIdentity?

  /// The nodes to try, the likeliest first. What is named may be absent: opening it says so.
  func candidates(_ calls: any DeviceCalls) -> [String] {
    switch selector {
    case .first: calls.videoNodes()
    case .index(let number): following("/dev/video\(number)", calls)
    case .path(let path): path.hasPrefix("/dev/video") ? following(path, calls) : [path]
    case .identifier(let name): name.contains("/") ? [] : ["/dev/v4l/by-id/\(name)"]
    }
  }

  /// What was looked for, for messages.
  var wanted: String {
    switch selector {
    case .first: "a camera (/dev/video*)"
    case .index(let number): "/dev/video\(number)"
    case .path(let path): path
    case .identifier(let name): "/dev/v4l/by-id/\(name)"
    }
  }

  /// The node itself; where it is gone, the one that now has the known camera's name and place.
  private func following(_ path: String, _ calls: any DeviceCalls) -> [String] {
    guard let known, !calls.videoNodes().contains(path) else { return [path] }
    let moved = CameraListing.all(calls).filter { $0.identity == known }.map(\.device)
    return moved.isEmpty ? [path] : moved
  }
}
