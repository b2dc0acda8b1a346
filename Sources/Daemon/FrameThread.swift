import Capture
import Classification
import Decision
import EventLoop
import Imaging
import ModelStore
import Results

/// Judges frames, one after the other, on a thread of its own.
///
///     exchange ──▶ frame ──▶ for each region: preprocess ──▶ infer ──▶ decide ──▶ publish
///        ▲                                                                          │
///        └───── the frame's buffer goes back ◀──────────────────────────────────────┘
///
/// Between two frames it takes what other threads left in the inbox: a model, camera events, another plan. Nothing
/// here waits for a client or writes to the journal, and after the first frames nothing allocates.
struct FrameThread {
  private let inbox: FrameInbox
  private let thread: Thread

  /// The longest time without a look at the inbox, so also between a camera's loss and its `state` line.
  private static let turn: Duration = .milliseconds(50)

  /// Starts judging with a plan and a model.
  init(
    plan: FramePlan, model: Activation<Classifier>, inbox: FrameInbox, heartbeat: Heartbeat, reporter: Reporter,
    onJudged: @escaping @Sendable (_ generation: UInt64) -> Void
  ) throws(SystemCallError) {
    self.inbox = inbox
    // The time that the model took to load is not the thread's.
    heartbeat.beat(at: MonotonicClock.now())
    thread = try Thread.start(name: "frames") {
      var path = FramePath(plan: plan, model: model, reporter: reporter, onJudged: onJudged)
      while path.takeIn(inbox) {
        path.judgeNext(within: Self.turn)
        heartbeat.beat(at: MonotonicClock.now())
      }
    }
  }

  /// Asks the thread to end after the frame that is being judged.
  func askToStop() {
    inbox.stop()
  }

  /// Waits for the end; false where it takes longer, as the inference of a heavy model may.
  func join(timeout: Duration) -> Bool { thread.join(timeout: timeout) }
}
