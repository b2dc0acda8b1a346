import Glibc
import Testing

@testable import Benchmarking

@Suite struct MachineStateTests {
  @Test func aBoardTellsOfItself() throws {
    let root = try FakeRoot([
      "proc/cpuinfo": "processor\t: 0\nBogoMIPS\t: 108.00\nCPU part\t: 0xd08\n",
      "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
      "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
      "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "600000\n",
      "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "1500000\n",
      "sys/class/thermal/thermal_zone0/temp": "48312\n",
      "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
      "sys/class/thermal/cooling_device0/type": "fan\n",
    ])
    let state = MachineState(root: root.path)
    #expect(state.processor == "Raspberry Pi 4 Model B Rev 1.4")
    #expect(state.governor == "ondemand")
    #expect(state.megahertz == 600)
    #expect(state.megahertzMax == 1500)
    #expect(state.temperatures == [.init(sensor: "cpu-thermal", celsius: 48.312)])
    #expect(state.processorCount >= 1)
  }

  @Test func aProcessorsNameComesFirst() throws {
    let root = try FakeRoot(["proc/cpuinfo": "processor\t: 0\nmodel name\t: Intel(R) N100\ncpu MHz : 800\n"])
    #expect(MachineState(root: root.path).processor == "Intel(R) N100")
  }

  @Test func whatTheSystemDoesNotTellIsLeftOut() throws {
    let root = try FakeRoot(["sys/class/thermal/thermal_zone0/temp": "warm\n"])
    let state = MachineState(root: root.path)
    #expect(state.processor == nil && state.governor == nil && state.megahertz == nil && state.temperatures.isEmpty)
  }

  @Test func memoryIsReadFromTheStatusFile() {
    let memory = ProcessMemory(status: "Name:\tmaskctl\nVmHWM:\t   12345 kB\nVmRSS:\t    2345 kB\n")
    #expect(memory.peakKilobytes == 12_345)
    #expect(memory.residentKilobytes == 2_345)
    #expect(ProcessMemory(status: "").peakKilobytes == 0)
    // Linux counts both in batches for each thread: a maximum may lag a little.
    let own = ProcessMemory.current
    #expect(own.peakKilobytes + 4096 >= own.residentKilobytes)
    #expect(own.residentKilobytes > 1000)
  }
}

/// A folder that stands for "/", gone with this object.
private final class FakeRoot {
  let path: String

  init(_ files: [String: String]) throws {
    var template = Array("/tmp/maskd-root-XXXXXX".utf8CString)
    path = try #require(mkdtemp(&template).map { String(cString: $0) })
    for (name, text) in files {
      var folder = path
      for part in name.split(separator: "/").dropLast() {
        folder += "/\(part)"
        mkdir(folder, 0o755)
      }
      let file = try #require(fopen("\(path)/\(name)", "w"))
      fwrite(text, 1, text.utf8.count, file)
      fclose(file)
    }
  }

  deinit { remove(path) }

  private func remove(_ path: String) {
    for name in SystemFile.names(in: path) { remove("\(path)/\(name)") }
    Glibc.remove(path)
  }
}
