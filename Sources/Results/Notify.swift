import CSystemd
import EventLoop
import Glibc

/// Tells the service manager how the daemon is (sd_notify(3)). Without one, each call does nothing.
public enum Notify {
  /// The model runs, the sockets listen and the cameras were tried once.
  public static func ready(status: String) { send("READY=1\nSTATUS=\(oneLine(status))") }

  /// One line for `systemctl status`.
  public static func status(_ status: String) { send("STATUS=\(oneLine(status))") }

  /// The configuration is read again; `ready` ends it.
  public static func reloading() {
    // A service of Type=notify-reload must say when, in the same message (systemd 253 and newer).
    send("RELOADING=1\nMONOTONIC_USEC=\(MonotonicClock.now())\nSTATUS=Reloading the configuration")
  }

  /// The daemon is on its way out.
  public static func stopping(status: String) { send("STOPPING=1\nSTATUS=\(oneLine(status))") }

  /// Frames make progress.
  public static func watchdog() { send("WATCHDOG=1") }

  /// How long the service manager waits for `watchdog` before it acts, µs; nil where it does not watch this process.
  public static func watchdogTimeout() -> UInt64? {
    var microseconds: UInt64 = 0
    return sd_watchdog_enabled(0, &microseconds) > 0 ? microseconds : nil
  }

  private static func send(_ state: String) {
    // A message that is not taken leaves nothing to do: the manager is gone or was never there.
    _ = sd_notify(0, state)
  }

  /// A line break would start another variable.
  private static func oneLine(_ text: String) -> String {
    String(decoding: text.utf8.map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self)
  }
}
