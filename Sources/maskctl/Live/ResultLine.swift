/// A line of the results socket. Fields that a type of line does not have are nil; unknown ones are passed over, as
/// the protocol asks of its readers.
struct ResultLine: Decodable {
  struct Model: Decodable {
    var name: String
    var sha256: String?
    var generation: UInt64?
    var phase: String?
    var labels: [String]?
    var reason: String?
    var detail: String?
    var time: String?
  }

  struct Region: Decodable {
    var camera: String
    var region: String
    var state: String
    var reason: String?
    var since: String?
    var score: Double?
    var scores: [String: Double]?
    var generation: UInt64?
  }

  /// In `hello` with `name`, in `snapshot` with `camera` and what happened last.
  struct Camera: Decodable {
    var name: String?
    var camera: String?
    var device: String?
    var event: String?
    var reason: String?
    var detail: String?
  }

  struct Latency: Decodable {
    var dequeue: UInt64
    var preprocess: UInt64
    var inference: UInt64
    var total: UInt64
  }

  struct Missed: Decodable {
    var from: UInt64
    var to: UInt64
  }

  var type: String
  var seq: UInt64
  var run: String?
  var time: String?

  // hello
  var version: String?
  var engine: String?
  // hello and snapshot
  var cameras: [Camera]?
  var model: Model?
  // snapshot
  var regions: [Region]?
  var drops: [Model]?
  // state and result
  var camera: String?
  var region: String?
  var state: String?
  var previous: String?
  var score: Double?
  var scores: [String: Double]?
  var latency: Latency?
  var generation: UInt64?
  // camera
  var event: String?
  var device: String?
  // model
  var name: String?
  var sha256: String?
  var phase: String?
  // overload
  var active: Bool?
  var shed: UInt64?
  var budget: UInt64?
  var measured: UInt64?
  // gap
  var missed: Missed?
  // whatever says why
  var reason: String?
  var detail: String?

  private enum CodingKeys: String, CodingKey {
    case type, seq, run, time, version, engine, cameras, model, regions, drops, camera, region, state, previous, score
    case scores, generation, event, device, name, sha256, phase, active, shed, missed, reason, detail
    case latency = "latency_us"
    case budget = "budget_us"
    case measured = "measured_us"
  }
}
