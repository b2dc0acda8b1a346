import Capture
import Classification
import Configuration
import EventLoop
import Glibc
import Logging
import ModelStore
import Results

/// The daemon: every room wired, started, watched and stopped. Lives on the main thread.
///
///     SIGTERM, SIGINT ──▶ stop        SIGHUP ──▶ reload        notices ──▶ journal        timer ──▶ watchdog
///
/// Other threads: one a camera (Capture), one for frames (FrameThread), one for models (ModelStore), one for clients
/// (Publisher).
public final class Service {
  /// The version that `hello` and `--version` tell.
  public static let version = "0.1.0"

  private let loadSettings: () throws(ConfigurationErrors) -> Settings
  private var settings: Settings
  private var logger: Logger
  private let loop: EventLoop
  private let signals: SignalQueue
  private let publisher: Publisher
  private let reporter: Reporter
  private let inbox = FrameInbox()
  private let frameHeartbeat = Heartbeat(at: MonotonicClock.now())
  private let store: ModelStore<ClassifierProbe>
  private var exchange: FrameExchange
  private var cameras: CameraSet?
  private var watchdog = Watchdog()
  private var isReady = false

  /// Blocks the signals that end or reload the daemon; to be made before any thread.
  /// - Parameters:
  ///   - settings: the configuration to start with.
  ///   - loadSettings: reads it again, for a reload.
  public init(
    _ settings: Settings, logger: Logger, loadSettings: @escaping () throws(ConfigurationErrors) -> Settings
  ) throws(ServiceError) {
    self.settings = settings
    self.loadSettings = loadSettings
    self.logger = logger
    // Standard error may be a pipe whose reader went away: a line that nobody reads is no reason to end.
    signal(SIGPIPE, SIG_IGN)
    let publisher = Publisher(PublisherSettings(settings))
    let inbox = inbox
    do throws(SystemCallError) {
      signals = try SignalQueue([SIGTERM, SIGINT, SIGHUP])
      loop = try EventLoop()
      reporter = try Reporter(publisher: publisher)
    } catch {
      throw .unavailable(error.description)
    }
    self.publisher = publisher
    exchange = FrameExchange(cameraCount: settings.cameras.count)
    store = ModelStore(
      ModelStoreSettings(settings.models), probe: ClassifierProbe(settings.engine),
      onEvent: { [reporter] in reporter.report($0) }, onActivate: { inbox.put($0) })
  }

  /// Starts everything, runs until SIGTERM or SIGINT, and ends everything.
  public func run() throws(ServiceError) {
    try makeFolders()
    let model = try startStore()
    defer { store.stop(timeout: .milliseconds(100)) }
    reporter.tell(inCharge: model)
    publisher.setCameras(settings.cameras.map { CameraDescription($0) })
    try listen()
    do throws(SystemCallError) {
      try serve(startingWith: model)
    } catch {
      publisher.stop(reason: "failed")
      throw .unavailable(error.description)
    }
  }

  private func serve(startingWith model: Activation<Classifier>) throws(SystemCallError) {
    let plan = FramePlan(settings, exchange: exchange)
    let frames = try FrameThread(
      plan: plan, model: model, inbox: inbox, heartbeat: frameHeartbeat, reporter: reporter,
      onJudged: { [store] in store.activated($0) })
    do throws(SystemCallError) {
      try startCameras()
      try watch()
      try loop.run()
    } catch {
      stop(frames, reason: "failed")
      throw error
    }
    stop(frames, reason: "stopping")
  }

  // MARK: - Start

  private func makeFolders() throws(ServiceError) {
    do {
      try Folders.make(settings.models.directory)
      try Folders.make(settings.models.stateDirectory)
    } catch {
      throw .cannotCreate(error.description)
    }
  }

  /// The store hands the first model over before `start` returns.
  private func startStore() throws(ServiceError) -> Activation<Classifier> {
    // Also where it fails: the journal then says what is wrong with each model that was tried.
    defer { writeJournal() }
    do throws(ModelStoreError) {
      try store.start()
    } catch {
      throw ServiceError(error)
    }
    guard let model = inbox.take()?.activation else {
      store.stop()
      throw .noModel(["the model store has none"])
    }
    return model
  }

  /// Takes the socket that systemd passed, or makes one.
  private func listen() throws(ServiceError) {
    do throws(ResultsError) {
      var inherited = try InheritedSockets()
      if let passed = inherited.take("results") {
        try publisher.start(on: Listener(passed: passed))
        return
      }
    } catch {
      throw ServiceError(error)
    }
    let path = settings.results.socket
    do { try Folders.make(Folders.parent(of: path)) } catch { throw .cannotCreate(error.description) }
    do throws(ResultsError) {
      try publisher.start(on: Listener(path: path, mode: settings.results.mode))
    } catch {
      throw ServiceError(error)
    }
  }

  private func startCameras() throws(SystemCallError) {
    let cameras = try CameraSet(settings.cameras, exchange: exchange, inbox: inbox, reporter: reporter)
    self.cameras = cameras
    try cameras.start()
  }

  private func watch() throws(SystemCallError) {
    _ = try loop.watch(signals.descriptor, for: .readable) { [unowned self] _ in handleSignals() }
    _ = try loop.watch(reporter.waker.descriptor, for: .readable) { [unowned self] _ in writeJournal() }
    _ = try loop.schedule(after: .milliseconds(20), every: .milliseconds(200)) { [unowned self] in lookAfter() }
  }

  // MARK: - While it runs

  private func handleSignals() {
    while let signal = signals.next() {
      if signal == SIGHUP { reload() } else { loop.stop() }
    }
  }

  private func writeJournal() {
    let writer = JournalWriter(logger)
    let (notices, lost) = reporter.take()
    for notice in notices { writer.write(notice) }
    writer.write(lost: lost)
    if isReady, !notices.isEmpty { Notify.status(statusLine) }
  }

  /// A few times a second: were the cameras tried, and does everything make progress?
  private func lookAfter() {
    guard let cameras else { return }
    let now = MonotonicClock.now()
    if !isReady, cameras.wereTried(by: now) { becomeReady() }
    let stuck = watchdog.feed(
      frames: frameHeartbeat.age(at: now), cameras: cameras.heartbeatAge(at: now), at: now)
    if let stuck { logger.log(.critical, .internalFailure, "\(stuck)") }
  }

  private func becomeReady() {
    isReady = true
    Notify.ready(status: statusLine)
    logger.log(.notice, .started, "maskd \(Self.version) is ready: \(statusLine)")
  }

  private var statusLine: String { "\(reporter.modelName) on \(cameras?.summary ?? "no camera")" }

  // MARK: - Reload

  private func reload() {
    if isReady { Notify.reloading() }
    do throws(ConfigurationErrors) {
      apply(try loadSettings())
      logger.log(.notice, .configurationReloaded, "the configuration was read again")
    } catch {
      for wrong in error.errors {
        logger.log(.error, .configurationRejected, "the configuration stays as it was: \(wrong.description)")
      }
    }
    if isReady { Notify.ready(status: statusLine) }
  }

  private func apply(_ new: Settings) {
    let old = settings
    settings = new
    logger.logLevel = Logger.Level(new.journal.level)
    for change in restartOnlyChanges(from: old, to: new) {
      logger.warning("\(change) takes effect when maskd is started again")
    }
    publisher.setResultsPerSecond(new.results.resultsPerSecond)
    publisher.setCameras(new.cameras.map { CameraDescription($0) })
    if sources(of: new) == sources(of: old) {
      inbox.put(FramePlan(new, exchange: exchange))
    } else {
      replaceCameras()
    }
  }

  /// The frame thread turns to the new cameras first, so that it does not spin on an exchange that is closed; then the
  /// old ones let go of their devices, which the new ones may be about to open.
  private func replaceCameras() {
    exchange = FrameExchange(cameraCount: settings.cameras.count)
    cameras?.retire()
    inbox.put(FramePlan(settings, exchange: exchange))
    cameras?.stop()
    do throws(SystemCallError) {
      try startCameras()
    } catch {
      logger.log(.critical, .internalFailure, "the cameras cannot be started: \(error.description)")
      cameras?.stop()
      cameras = nil
    }
  }

  /// Regions are the frame thread's: where nothing else of the cameras changes, they go on.
  private func sources(of settings: Settings) -> [Settings.Camera] {
    settings.cameras.map { camera in
      var source = camera
      source.regions = []
      return source
    }
  }

  private func restartOnlyChanges(from old: Settings, to new: Settings) -> [String] {
    var changes: [String] = []
    if old.models != new.models { changes.append("models") }
    if old.engine != new.engine { changes.append("engine") }
    var results = new.results
    results.resultsPerSecond = old.results.resultsPerSecond
    if old.results != results { changes.append("results (but for results_per_second)") }
    return changes
  }

  // MARK: - End

  /// Within one second, also on a busy machine: together 0.4 s at most for cameras that hang (0.3 s) and for the frame
  /// that is being judged, 0.2 s for clients that do not read, 0.1 s for a model that is being compiled (`run`).
  private func stop(_ frames: FrameThread, reason: String) {
    let end = ContinuousClock.now + .milliseconds(400)
    Notify.stopping(status: reason)
    frames.askToStop()
    cameras?.stop()
    if !frames.join(timeout: ContinuousClock.now.duration(to: end)) {
      logger.warning("a frame is still being judged; it is given up")
    }
    publisher.stop(reason: reason)
    writeJournal()
    logger.log(.notice, .stopping, "maskd ends")
  }
}

extension PublisherSettings {
  init(_ settings: Settings) {
    self.init(version: Service.version, engine: ClassifierProbe.kernelFamily(settings.engine))
    resultsPerSecond = settings.results.resultsPerSecond
    queueByteCount = settings.results.queueBytes
    maximumClients = settings.results.maxClients
  }
}

extension ModelStoreSettings {
  init(_ models: Settings.Models) {
    self.init(
      dropDirectory: models.directory, stateDirectory: models.stateDirectory, packagedModel: models.packaged,
      settle: models.settle, rescan: models.rescan, maximumByteCount: models.maxBytes,
      latencyBudget: models.latencyBudget)
  }
}

extension Logger.Level {
  /// The level of a configuration; the names are the same.
  public init(_ level: Settings.Journal.Level) {
    self = Logger.Level(rawValue: level.rawValue) ?? .info
  }
}
