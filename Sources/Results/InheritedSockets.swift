import CSystemd
import EventLoop
import Glibc

/// The sockets that the service manager opened for us (sd_listen_fds(3)), by the name of `FileDescriptorName=`.
public struct InheritedSockets {
  private var numbers: [(name: String, descriptor: CInt)] = []

  /// Takes what was passed to this process; to be called once, before threads start, as it changes the environment.
  public init() throws(ResultsError) {
    var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    let count = sd_listen_fds_with_names(1, &names)
    guard count >= 0 else { throw .system(SystemCallError("sd_listen_fds_with_names", code: -count)) }
    for index in 0..<Int(count) {
      let name = names?[index].map { String(cString: $0) } ?? ""
      numbers.append((name, SD_LISTEN_FDS_START + CInt(index)))
      free(names?[index])
    }
    free(names)
  }

  /// The names that were passed and not taken yet.
  public var names: [String] { numbers.map(\.name) }

  /// Hands over the first socket of a name, or nil.
  public mutating func take(_ name: String) -> Descriptor? {
    guard let index = numbers.firstIndex(where: { $0.name == name }) else { return nil }
    return Descriptor(owning: numbers.remove(at: index).descriptor)
  }
}
