import Capture
import Configuration
import EventLoop
import Results
import Synchronization

/// The sources of a plan.
struct CameraSet: Sendable {
  private let sources: [any FrameSource]
  private let exchange: FrameExchange
  private let conditions: CameraConditions
  private let made = MonotonicClock.now()

  /// µs after which a camera that neither came nor failed is not waited for any more.
  private static let trialTime: UInt64 = 5_000_000

  /// How long a source that hangs is waited for.
  private static let stopTime = Duration.milliseconds(300)

  /// Makes a source for each camera, and starts none.
  init(
    _ cameras: [Settings.Camera], exchange: FrameExchange, inbox: FrameInbox, reporter: Reporter
  ) throws(SystemCallError) {
    self.exchange = exchange
    conditions = CameraConditions(names: cameras.map(\.name))
    var sources: [any FrameSource] = []
    for (number, camera) in cameras.enumerated() {
      let conditions = conditions
      let onEvent: @Sendable (CameraEvent) -> Void = { event in
        conditions.note(event) {
          reporter.report(event, camera: camera.name)
          inbox.put(event)
        }
      }
      let source: any FrameSource =
        switch camera.source {
        case .device:
          try CameraSource(CameraSettings(camera), camera: number, exchange: exchange, onEvent: onEvent)
        case .replay(let replay):
          try ReplaySource(ReplaySettings(replay), camera: number, exchange: exchange, onEvent: onEvent)
        }
      sources.append(source)
    }
    self.sources = sources
  }

  /// Starts them. A camera that is missing is looked for until it comes.
  func start() throws(SystemCallError) {
    for source in sources { try source.start() }
  }

  /// Whether each camera was found or missed once, or had its time.
  func wereTried(by time: UInt64) -> Bool { conditions.wereTried || time > made + Self.trialTime }

  /// One line for people: which cameras are lost, or that all are there.
  var summary: String { conditions.summary }

  /// µs since the slowest capture thread last came round.
  func heartbeatAge(at time: UInt64) -> UInt64 {
    sources.map { source in
      let beat = max(source.heartbeat, made)
      return time > beat ? time - beat : 0
    }.max() ?? 0
  }

  /// From now on the events of these sources mean nothing: other cameras have their numbers.
  func retire() { conditions.retire() }

  /// Ends all sources, side by side: one that hangs costs the others no time.
  func stop() {
    exchange.close()
    let stopping = sources.map { source in
      (source, try? Thread.start(name: "stop") { source.stop(timeout: Self.stopTime) })
    }
    for (source, thread) in stopping {
      if let thread { thread.join() } else { source.stop(timeout: Self.stopTime) }
    }
  }
}

/// How each camera is, as far as its events tell.
final class CameraConditions: Sendable {
  private enum Condition: Sendable, Equatable {
    case untried, running
    case lost(String)
  }

  private let names: [String]
  private let conditions: Mutex<[Condition]>

  /// Knows nothing of the cameras yet.
  init(names: [String]) {
    self.names = names
    conditions = Mutex(names.map { _ in .untried })
  }

  /// Takes what an event tells, and passes it on; does neither once these cameras have retired.
  func note(_ event: CameraEvent, passOn: () -> Void) {
    let condition: Condition? =
      switch event.kind {
      case .found, .recovered: .running
      case .lost: .lost(event.reason?.rawValue ?? "lost")
      case .stalled: .lost("stalled")
      case .format, .skipped: nil
      }
    conditions.withLock { conditions in
      guard conditions.indices.contains(event.camera) else { return }
      if let condition { conditions[event.camera] = condition }
      // With the lock held: nothing of these cameras may come after `retire`.
      passOn()
    }
  }

  /// Forgets all cameras.
  func retire() { conditions.withLock { $0.removeAll() } }

  /// Whether each camera was found or missed once.
  var wereTried: Bool { conditions.withLock { !$0.contains(.untried) } }

  /// For example `2 cameras` or `1 of 2 cameras: door not_found`.
  var summary: String {
    conditions.withLock { conditions in
      let lost = zip(names, conditions).compactMap { name, condition in
        if case .lost(let reason) = condition { "\(name) \(reason)" } else { nil }
      }
      let count = conditions.count == 1 ? "1 camera" : "\(conditions.count) cameras"
      guard !lost.isEmpty else { return count }
      return "\(conditions.count - lost.count) of \(count): \(lost.joined(separator: ", "))"
    }
  }
}

extension CameraSettings {
  init(_ camera: Settings.Camera) {
    self.init(
      selector: CameraSelector(camera.device), width: camera.width, height: camera.height, rate: camera.rate,
      formats: camera.formats.map { CameraFormat($0) }, stallAfter: camera.stallAfter)
  }
}

extension CameraSelector {
  init(_ device: Settings.Device) {
    self =
      switch device {
      case .auto: .first
      case .index(let number): .index(number)
      case .path(let path): .path(path)
      case .identifier(let name): .identifier(name)
      }
  }
}

extension CameraFormat {
  init(_ format: Settings.Format) {
    self =
      switch format {
      case .yuyv: .yuyv
      case .nv12: .nv12
      case .grey: .grey
      case .mjpeg: .mjpeg
      case .converted: .converted
      }
  }
}

extension ReplaySettings {
  init(_ replay: Settings.Replay) {
    let rate: ReplayRate =
      switch replay.rate {
      case .recorded: .recorded
      case .unlimited: .unlimited
      case .framesPerSecond(let rate): .framesPerSecond(rate)
      }
    self.init(path: replay.path, rate: rate, loops: replay.loop)
  }
}

extension CameraDescription {
  init(_ camera: Settings.Camera) {
    let device =
      switch camera.source {
      case .replay(let replay): replay.path
      case .device(.auto): "auto"
      case .device(.index(let number)): "/dev/video\(number)"
      case .device(.path(let path)): path
      case .device(.identifier(let name)): "/dev/v4l/by-id/\(name)"
      }
    self.init(
      name: camera.name, device: device,
      regions: camera.regions.map { region in
        RegionDescription(
          name: region.name, x: region.x, y: region.y, width: region.width, height: region.height)
      })
  }
}
