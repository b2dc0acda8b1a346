import Glibc

/// What the system tells of the machine, as far as it does: virtual machines tell little.
public struct MachineState: Sendable, Equatable {
  /// A temperature sensor.
  public struct Temperature: Sendable, Equatable {
    /// The sensor's own name, for example "cpu-thermal".
    public let sensor: String
    /// What it reads now.
    public let celsius: Double
  }

  /// The processor's name, or the board's where processors have none.
  public let processor: String?
  /// Processors of the machine.
  public let processorCount: Int
  /// The frequency governor of the first processor, for example "powersave".
  public let governor: String?
  /// The frequency of the first processor now, in MHz.
  public let megahertz: Int?
  /// The highest frequency that the first processor has, in MHz.
  public let megahertzMax: Int?
  /// What the thermal zones read, in the order of their names.
  public let temperatures: [Temperature]

  /// Looks at the machine. `root` is where its /proc and /sys are.
  public init(root: String = "") {
    let cpuinfo = SystemFile.text(root + "/proc/cpuinfo") ?? ""
    processor =
      SystemFile.value(of: "model name", in: cpuinfo) ?? SystemFile.line(root + "/proc/device-tree/model")
    processorCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    let frequency = root + "/sys/devices/system/cpu/cpu0/cpufreq/"
    func megahertz(_ name: String) -> Int? { SystemFile.line(frequency + name).flatMap { Int($0) }.map { $0 / 1000 } }
    governor = SystemFile.line(frequency + "scaling_governor")
    self.megahertz = megahertz("scaling_cur_freq")
    megahertzMax = megahertz("cpuinfo_max_freq")

    let zones = root + "/sys/class/thermal/"
    temperatures = SystemFile.names(in: zones).compactMap { zone in
      guard zone.hasPrefix("thermal_zone"), let text = SystemFile.line("\(zones)\(zone)/temp"),
        let thousandths = Int(text)
      else { return nil }
      return Temperature(
        sensor: SystemFile.line("\(zones)\(zone)/type") ?? zone, celsius: Double(thousandths) / 1000)
    }
  }
}
