import Classification
import EventLoop
import Glibc

/// Keeps committed models by their hash, so that a restart has them whatever became of the dropped files.
///
///     STATE/store/HASH.tflite   the models: the active one and the one before it
///     STATE/store/HASH.json     their sidecars, by hashes of their own
///     STATE/store/active        names the active model (`CommittedModel`)
///     STATE/store/previous      names the one before it
///     STATE/store/considered    which files of the drop directory had their turn
///
/// Everything is written to a temporary name, put on the disk and renamed, models before the marker that names them: a
/// power cut at any moment leaves a marker whose model is there.
struct ModelArchive {
  /// What is read of a marker at most.
  private static let markerByteCountMax = 4096
  private static let recordByteCountMax = 1 << 20

  let folder: String
  var files = FileSystem()

  init(stateDirectory: String) { folder = stateDirectory + "/store" }

  /// Keeps the bytes of a model; what has the right bytes already is not written again.
  func keep(_ identity: Identity, model: [UInt8], sidecar: [UInt8]?) throws(SystemCallError) {
    try files.makeDirectories(folder)
    if (try? load(identity)) == nil {
      try files.replace(folder, identity.model + ".tflite", with: model)
      if let sidecar, let hash = identity.sidecar { try files.replace(folder, hash + ".json", with: sidecar) }
    }
  }

  /// Names a model that was kept as the active one, and lets go of all but the one before it.
  func commit(_ model: CommittedModel) throws(SystemCallError) {
    let before = try? marker("active")
    if let before, before.identity != model.identity, (try? load(before.identity)) != nil {
      try files.replace(folder, "previous", with: before.encoded())
    }
    try files.replace(folder, "active", with: model.encoded())
    // What is left over costs space alone, and goes at the next commit.
    try? collectGarbage()
  }

  /// The model that a marker names; nil where there is no marker.
  func marker(_ name: String) throws(ArchiveError) -> CommittedModel? {
    let path = "\(folder)/\(name)"
    let bytes: [UInt8]?
    do { bytes = try files.read(path, limit: Self.markerByteCountMax) } catch { throw .unreadable(error) }
    guard let bytes else { return nil }
    guard let model = CommittedModel(decoding: bytes) else { throw .damaged(path) }
    return model
  }

  /// The bytes of a kept model, compared with its hashes.
  func load(_ identity: Identity) throws(ArchiveError) -> (model: [UInt8], sidecar: [UInt8]?) {
    let model = try bytes(identity.model, ".tflite")
    return (model, try identity.sidecar.map { hash throws(ArchiveError) in try bytes(hash, ".json") })
  }

  private func bytes(_ hash: String, _ ending: String) throws(ArchiveError) -> [UInt8] {
    let path = "\(folder)/\(hash)\(ending)"
    let bytes: [UInt8]?
    do { bytes = try files.read(path, limit: Int(Int32.max)) } catch { throw .unreadable(error) }
    guard let bytes else { throw .missing(path) }
    guard ModelFile.sha256(of: bytes) == hash else { throw .damaged(path) }
    return bytes
  }

  private func collectGarbage() throws(SystemCallError) {
    var kept: Set<String> = ["active", "previous", "considered"]
    for name in ["active", "previous"] {
      // With a marker that cannot be read nobody knows what it needs: then nothing goes.
      guard let identity = try? marker(name)?.identity else {
        if access("\(folder)/\(name)", F_OK) == 0 { return }
        continue
      }
      kept.insert(identity.model + ".tflite")
      if let hash = identity.sidecar { kept.insert(hash + ".json") }
    }
    var surplus: [String] = []
    try FileSystem.forEachName(in: folder) { _, name in
      let name = String(decoding: name, as: UTF8.self)
      if name != ".", name != "..", !kept.contains(name) { surplus.append(name) }
    }
    for name in surplus { try files.remove("\(folder)/\(name)") }
  }
}

extension ModelArchive {
  /// The files of the drop directory that had their turn; none where nothing of that was kept.
  func considered() -> [Intake.Name: Fingerprint] {
    guard let bytes = try? files.read(folder + "/considered", limit: Self.recordByteCountMax),
      let record = ConsideredFiles(decoding: bytes)
    else { return [:] }
    return record.files
  }

  /// Remembers the files that had their turn.
  func remember(_ considered: [Intake.Name: Fingerprint]) throws(SystemCallError) {
    try files.makeDirectories(folder)
    try files.replace(folder, "considered", with: ConsideredFiles(files: considered).encoded())
  }
}

/// Why a kept model cannot be used.
enum ArchiveError: Error, Equatable {
  /// The bytes are not those that were written.
  case damaged(String)
  /// The marker names a file that is not there.
  case missing(String)
  case unreadable(SystemCallError)
}

extension ArchiveError: CustomStringConvertible {
  var description: String {
    switch self {
    case .damaged(let path): "\(path) is damaged; its bytes are not those that were stored."
    case .missing(let path): "\(path) is missing."
    case .unreadable(let error): "\(error)."
    }
  }
}
