import EventLoop
import Synchronization

/// What other threads tell the worker.
final class StoreControl: Sendable {
  /// Wakes the worker's loop: look at the two values below.
  let waker: Waker
  let isStopping = Atomic<Bool>(false)
  /// The newest generation that a frame was judged by.
  let judged = Atomic<UInt64>(0)

  init() throws(SystemCallError) {
    waker = try Waker()
  }
}

/// The shell around `Drop` and `Intake`: looks at the directory, does what they ask, and tells what came of it.
///
/// Unchecked, as it is made by the thread that starts the store and from then on used by its own thread alone.
final class StoreWorker<Probe: ModelProbe>: @unchecked Sendable {
  /// The model that judges frames.
  struct Active {
    var identity: Identity
    var name: String
    var generation: UInt64
  }

  let settings: ModelStoreSettings
  let probe: Probe
  let rules: Drop.Rules
  let archive: ModelArchive
  let directory: DropDirectory
  let control: StoreControl
  let onActivate: @Sendable (Activation<Probe.Classifier>) -> Void
  private let onEvent: @Sendable (ModelEvent) -> Void

  var intake: Intake
  /// Nil until the first model runs.
  var active: Active?
  /// Grows with each swap.
  var lastGeneration: UInt64 = 0
  /// The active model, where it is not committed yet.
  var candidate: Work<Probe.Classifier>?

  private let loop: EventLoop
  private let watch: DirectoryWatch
  private var timer: (watch: EventLoop.Watch, due: Duration)?
  private var trouble: String?

  init(
    _ settings: ModelStoreSettings, probe: Probe, control: StoreControl,
    onEvent: @escaping @Sendable (ModelEvent) -> Void,
    onActivate: @escaping @Sendable (Activation<Probe.Classifier>) -> Void
  ) throws(SystemCallError) {
    self.settings = settings
    self.probe = probe
    self.control = control
    self.onEvent = onEvent
    self.onActivate = onActivate
    rules = Drop.Rules(settle: settings.settle)
    archive = ModelArchive(stateDirectory: settings.stateDirectory)
    directory = DropDirectory(path: settings.dropDirectory)
    intake = Intake(rules, considered: archive.considered())
    loop = try EventLoop()
    watch = try DirectoryWatch(settings.dropDirectory)
    // Where it cannot be made, looking at it says so.
    try? archive.files.makeDirectories(settings.dropDirectory)
    try watchForWork()
  }

  private func watchForWork() throws(SystemCallError) {
    _ = try loop.watch(control.waker.descriptor, for: .readable) { [unowned self] _ in
      control.waker.clear()
      if isStopping { loop.stop() } else { commitIfJudged() }
    }
    _ = try loop.watch(watch.descriptor, for: .readable) { [unowned self] _ in
      watch.drain()
      // A copy in progress gives a hint for each block: one look for many of them.
      arm(after: .milliseconds(50))
    }
  }

  /// The body of the store's thread.
  func run() {
    if !isStopping {
      look()
      do { try loop.run() } catch {
        report(settings.dropDirectory, .rejected, reason: .io, "\(error); no model is taken.")
      }
    }
  }

  var isStopping: Bool { control.isStopping.load(ordering: .acquiring) }

  /// Time that never jumps.
  var now: Duration { .microseconds(MonotonicClock.now()) }

  /// Tells of a step. Nothing is told once the store is to stop.
  func report(
    _ name: String, sha256: String? = nil, _ phase: Phase, generation: UInt64? = nil,
    reason: RejectionReason? = nil, _ detail: String
  ) {
    guard !isStopping else { return }
    onEvent(
      ModelEvent(
        name: name, sha256: sha256, phase: phase, generation: generation, reason: reason, detail: detail))
  }
}

extension StoreWorker {
  /// Looks at the whole directory, takes the files that are due, and sets the time of the next look.
  private func look() {
    watch.renew()
    if let files = list() {
      for name in intake.look(files, at: now) {
        report(FileName.display(name), .settling, "The file is taken when it is complete.")
      }
    }
    while !isStopping, let (name, drop) = intake.next(at: now, hasWriter: hasWriter) {
      take(name, drop)
      commitIfJudged()
    }
    commitIfJudged()
    let due = intake.nextDue.map { max($0 - now, .milliseconds(10)) } ?? settings.rescan
    arm(after: min(due, settings.rescan))
  }

  private func list() -> [Intake.Name: Fingerprint]? {
    do throws(SystemCallError) {
      let (files, count) = try directory.list()
      let surplus = count - files.count
      complain(surplus > 0 ? "\(surplus) model files are not looked at; keep at most \(files.count) there." : nil)
      return files
    } catch {
      complain("\(error). Make the directory again, or let the user of the daemon read it; it is looked for again.")
      return nil
    }
  }

  /// What is wrong with the directory itself is said when it changes, not at each look.
  private func complain(_ sentence: String?) {
    if let sentence, sentence != trouble { report(settings.dropDirectory, .rejected, reason: .io, sentence) }
    trouble = sentence
  }

  private func hasWriter(_ name: Intake.Name) -> Bool {
    switch directory.writer(of: name) {
    case .present: true
    case .gone: false
    case .unknown: watch.beingWritten.contains(name)
    }
  }

  /// Looks again after this time, or before it where that was settled already.
  private func arm(after delay: Duration) {
    let due = now + delay
    if let timer {
      if timer.due <= due { return }
      loop.remove(timer.watch)
    }
    do {
      let watch = try loop.schedule(after: delay) { [unowned self] in
        timer = nil
        look()
      }
      timer = (watch, due)
    } catch {
      timer = nil
      report(
        settings.dropDirectory, .rejected, reason: .io,
        "\(error); no model is taken until the next change of the directory.")
    }
  }
}
