import Classification
import EventLoop
import Evaluation
import Glibc
import Imaging
import Synchronization

/// Judges many pictures on all processors.
struct ParallelJudge {
  /// What became of the pictures, in their order.
  struct Outcome {
    let judged: [JudgedPicture]
    /// A sentence for each picture that could not be read.
    let complaints: [String]
  }

  /// One picture's result; `nil` until it is there.
  private typealias Result = Swift.Result<JudgedPicture, ImagingError>

  private final class Work: Sendable {
    let next = Atomic(0)
    let done = Atomic(0)
    let results: Mutex<[Result?]>

    init(count: Int) { results = Mutex(Array(repeating: nil, count: count)) }
  }

  /// A classifier on its way to the one thread that uses it.
  private struct Handed: @unchecked Sendable {
    let classifier: Classifier
  }

  /// `truths[i]` is the index of the class of `paths[i]` among the model's labels. Gives nil where `isStopped`, which is
  /// asked several times a second, ended it.
  static func judge(
    _ paths: [String], truths: [Int], with classifier: Classifier, progress name: String,
    stoppedBy isStopped: () -> Bool
  ) throws(Failure) -> Outcome? {
    let work = Work(count: paths.count)
    let count = max(1, min(sysconf(Int32(_SC_NPROCESSORS_ONLN)), paths.count, 64))
    var threads: [Thread] = []
    do throws(SystemCallError) {
      for index in 0..<count {
        let handed = Handed(classifier: index == 0 ? classifier : Classifier(sharing: classifier))
        threads.append(
          try Thread.start(name: "judge \(index)") { judge(paths, truths, with: handed.classifier, work) })
      }
    } catch {
      guard !threads.isEmpty else { throw Failure(.unavailable, error.description) }
    }
    var progress = Progress(name, total: paths.count)
    var wasStopped = false
    for thread in threads {
      while !thread.join(timeout: .milliseconds(100)) {
        progress.show(work.done.load(ordering: .relaxed))
        guard !wasStopped, isStopped() else { continue }
        wasStopped = true
        // No thread begins another picture.
        work.next.store(paths.count, ordering: .relaxed)
      }
    }
    progress.finish()
    return wasStopped ? nil : outcome(of: work.results.withLock { $0 })
  }

  private static func judge(_ paths: [String], _ truths: [Int], with classifier: Classifier, _ work: Work) {
    while true {
      let index = work.next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < paths.count else { return }
      let result: Result
      do throws(ImagingError) {
        try classifier.judge(pictureAt: paths[index])
        result = .success(JudgedPicture(file: paths[index], truth: truths[index], scores: classifier.scores))
      } catch {
        result = .failure(error)
      }
      work.results.withLock { $0[index] = result }
      work.done.wrappingAdd(1, ordering: .relaxed)
    }
  }

  private static func outcome(of results: [Result?]) -> Outcome {
    var judged: [JudgedPicture] = []
    var complaints: [String] = []
    for case let result? in results {
      switch result {
      case .success(let picture): judged.append(picture)
      case .failure(let error): complaints.append(error.description)
      }
    }
    return Outcome(judged: judged, complaints: complaints)
  }
}
