import ArgumentParser
import Glibc

/// Why a verb ends: a sentence for standard error, and an exit status by the numbers of sysexits.h, or 1 where all went
/// well but the answer is no.
struct Failure: Error {
  /// The kinds of ends that scripts can tell apart.
  enum Kind: Int32 {
    case notMet = 1
    case usage = 64
    case badModel = 65
    case noInput = 66
    case unavailable = 69
    case internalError = 70
    case cannotCreate = 73
    case inputOutput = 74
    case permission = 77
  }

  let kind: Kind
  let sentence: String

  init(_ kind: Kind, _ sentence: String) {
    self.kind = kind
    self.sentence = sentence
  }

  /// Runs a verb; a failure is told on standard error and becomes the exit status.
  static func exiting(_ body: () throws(Failure) -> Void) throws {
    do throws(Failure) {
      try body()
    } catch {
      Terminal.complain("maskctl: \(error.sentence)")
      throw ExitCode(error.kind.rawValue)
    }
  }
}
