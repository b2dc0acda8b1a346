/// The resident memory of this process, in KiB, as /proc/self/status has it.
///
/// Not from getrusage: its maximum begins with what the program that started this one had resident.
public struct ProcessMemory: Sendable, Equatable {
  /// The most so far (VmHWM).
  public let peakKilobytes: Int
  /// Now (VmRSS).
  public let residentKilobytes: Int

  /// Reads them; zeros where the system does not tell.
  public static var current: ProcessMemory { ProcessMemory(status: SystemFile.text("/proc/self/status") ?? "") }

  init(status: String) {
    func kilobytes(_ name: String) -> Int {
      SystemFile.value(of: name, in: status).flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
    }
    peakKilobytes = kilobytes("VmHWM")
    residentKilobytes = kilobytes("VmRSS")
  }
}
