import CLinux
import EventLoop
import Glibc

/// Accepts clients and sends them their lines, on one thread. No client can hold up another, or those who publish.
final class ResultsServer {
  /// Bytes copied from the store at a time: what a client that blocks keeps to itself.
  private static let chunk = 16 * 1024
  /// Chunks for one client before others have their turn.
  private static let chunksPerTurn = 8
  /// How long a refused client may take to read why.
  private static let leaveTime = Duration.seconds(1)
  /// How long clients may take to read `bye`.
  private static let byeTime = Duration.milliseconds(200)
  /// How long to wait when descriptors run out.
  private static let acceptPause = Duration.seconds(1)

  private let store: LineStore
  private let loop: EventLoop
  private let waker: Waker
  private var listener: Listener?
  private var listenerWatch: EventLoop.Watch?
  private var clients: [UInt64: Client] = [:]
  private var lastClient: UInt64 = 0
  private var isEnding = false
  private var writer = LineWriter()
  private var output: [UInt8] = []

  /// Belongs from now on to the thread that calls `run`.
  init(store: LineStore, listener: consuming Listener) throws(SystemCallError) {
    self.store = store
    self.listener = consume listener
    loop = try EventLoop()
    waker = try Waker()
    _ = try loop.watch(waker.descriptor, for: .readable) { [unowned self] _ in linesCame() }
    try watchListener()
    store.setWaker(waker)
  }

  /// Serves until the store has ended and the clients know.
  func run() {
    // The loop only fails where the kernel refuses to wait at all; clients then see the connection close.
    try? loop.run()
    closeListener()
    for number in Array(clients.keys) { remove(number) }
    store.setWaker(nil)
  }
}

// MARK: - Coming

extension ResultsServer {
  private func watchListener() throws(SystemCallError) {
    guard let number = listener?.descriptor.rawValue else { return }
    listenerWatch = try loop.watch(number, for: .readable) { [unowned self] _ in accept() }
  }

  private func accept() {
    // A bounded number at a time: many who connect at once must not keep others waiting for lines.
    for _ in 0..<16 {
      guard let number = listener?.descriptor.rawValue else { return }
      let client = Glibc.accept(number, nil, nil)
      if client >= 0 {
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        welcome(Descriptor(owning: client))
        continue
      }
      switch errno {
      case EINTR, ECONNABORTED: continue
      case EAGAIN, EWOULDBLOCK: return
      default: return pauseAccepting()
      }
    }
  }

  /// Without descriptors or memory the listener would be readable for ever: look again later.
  private func pauseAccepting() {
    guard let watch = listenerWatch else { return }
    loop.remove(watch)
    listenerWatch = nil
    _ = try? loop.schedule(after: Self.acceptPause) { [unowned self] in
      if !isEnding { try? watchListener() }
    }
  }

  private func welcome(_ descriptor: consuming Descriptor) {
    let limit = min(max(store.settings.maximumClients, 1), 64)
    guard clients.count < limit else { return turnAway(descriptor, limit: limit) }
    let greeting = store.open()
    let context = LineContext(run: store.run)
    let client = Client(descriptor, feed: greeting.feed)
    lastClient += 1
    let number = lastClient
    clients[number] = client
    let watch = try? loop.watch(client.descriptor.rawValue, for: client.events) { [unowned self] events in
      handle(events, of: number)
    }
    guard let watch else { return remove(number) }
    client.watch = watch
    writer.hello(greeting.board, settings: store.settings, number: greeting.number, context: context)
    output.removeAll(keepingCapacity: true)
    output.append(contentsOf: writer.bytes)
    writer.snapshot(greeting.board, number: greeting.number, context: context)
    output.append(contentsOf: writer.bytes)
    guard client.send(output) else { return remove(number) }
    pump(number, client)
  }

  private func turnAway(_ descriptor: consuming Descriptor, limit: Int) {
    let context = LineContext(run: store.run)
    writer.error(
      "\(limit) clients are connected already, which is the limit: try again later", reason: "too_many_clients",
      number: store.lastNumber, context: context)
    _ = writer.bytes.withUnsafeBytes {
      // An empty socket takes a line of this size at once, or its reader is gone.
      send(descriptor.rawValue, $0.baseAddress, $0.count, Client.neverWait)
    }
  }
}

// MARK: - Staying

extension ResultsServer {
  private func linesCame() {
    waker.clear()
    if store.isEnded, !isEnding { end() }
    for (number, client) in clients where !client.isBlocked { pump(number, client) }
    stopIfDone()
  }

  private func handle(_ events: EventLoop.Events, of number: UInt64) {
    guard let client = clients[number] else { return }
    if events.contains(.readable) { read(number, client) }
    guard clients[number] != nil else { return }
    // Closed for good: nothing that is sent could be read. What it sent before was read above.
    if events.contains(.hangUp) || events.contains(.error) { return remove(number) }
    if events.contains(.writable) {
      guard client.flush() else { return remove(number) }
      pump(number, client)
    }
    stopIfDone()
  }

  /// Sends a client what there is for it, until its socket is full.
  private func pump(_ number: UInt64, _ client: Client) {
    for _ in 0..<Self.chunksPerTurn where !client.isBlocked {
      if client.isLeaving { return remove(number) }
      output.removeAll(keepingCapacity: true)
      store.read(&client.feed, into: &output, limit: Self.chunk, writer: &writer)
      if output.isEmpty { return leaveOrWait(number, client) }
      guard client.send(output) else { return remove(number) }
    }
    if !client.isBlocked { waker.wake() }
    wait(number, client)
  }

  private func leaveOrWait(_ number: UInt64, _ client: Client) {
    if isEnding { remove(number) } else { wait(number, client) }
  }

  private func wait(_ number: UInt64, _ client: Client) {
    guard let watch = client.watch else { return }
    do { try loop.change(watch, to: client.events) } catch { remove(number) }
  }

  private func read(_ number: UInt64, _ client: Client) {
    switch client.receive() {
    case .none: break
    case .subscription(let subscription): client.feed.subscription = subscription
    case .ended: wait(number, client)
    case .closed: remove(number)
    case .refused(let error): refuse(number, client, error)
    }
  }

  /// Says what was wrong, and closes when the client has read it or some time is over.
  private func refuse(_ number: UInt64, _ client: Client, _ error: SubscriptionError) {
    writer.error(
      error.description, reason: error.reason, number: store.lastNumber, context: LineContext(run: store.run))
    client.isLeaving = true
    client.discardInput()
    guard client.send(writer.bytes), client.isBlocked else { return remove(number) }
    wait(number, client)
    _ = try? loop.schedule(after: Self.leaveTime) { [unowned self] in remove(number) }
  }
}

// MARK: - Going

extension ResultsServer {
  private func remove(_ number: UInt64) {
    guard let client = clients.removeValue(forKey: number) else { return }
    if let watch = client.watch { loop.remove(watch) }
    store.close()
  }

  private func closeListener() {
    if let watch = listenerWatch { loop.remove(watch) }
    listenerWatch = nil
    listener?.ownFile?.remove()
    listener = nil
  }

  private func end() {
    isEnding = true
    closeListener()
    _ = try? loop.schedule(after: Self.byeTime) { [unowned self] in loop.stop() }
  }

  private func stopIfDone() {
    if isEnding, clients.isEmpty { loop.stop() }
  }
}
