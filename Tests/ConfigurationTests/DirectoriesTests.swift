import Testing

@testable import Configuration

@Suite struct DirectoriesTests {
  @Test func rootHasTheDirectoriesOfTheSystem() {
    let directories = Directories(environment: [:], userID: 0, executable: "/opt/x/maskd") { _ in false }
    #expect(directories.configuration == "/etc/maskd")
    #expect(directories.runtime == "/run/maskd")
    #expect(directories.state == "/var/lib/maskd")
    #expect(directories.packagedModel == "/usr/share/maskd/models/mask_mobilenetv2_int8.tflite")
  }

  @Test func anInstalledProgramHasThemForEveryUserAndFindsTheModelOfItsPrefix() {
    let directories = Directories(
      environment: ["HOME": "/home/ada"], userID: 1000, executable: "/usr/local/sbin/maskd",
      exists: { $0 == "/usr/local/share/maskd/models" })
    #expect(directories.configuration == "/etc/maskd")
    #expect(directories.packagedModel == "/usr/local/share/maskd/models/mask_mobilenetv2_int8.tflite")
  }

  @Test func anOrdinaryUserHasDirectoriesOfTheirOwn() {
    let environment = [
      "HOME": "/home/ada", "XDG_CONFIG_HOME": "/c", "XDG_RUNTIME_DIR": "/run/user/1000", "XDG_STATE_HOME": "relative",
    ]
    let directories = Directories(environment: environment, userID: 1000, executable: "/b/maskd") { _ in false }
    #expect(directories.configuration == "/c/maskd")
    #expect(directories.runtime == "/run/user/1000/maskd")
    #expect(directories.state == "/home/ada/.local/state/maskd")
  }

  @Test func anEmptyEnvironmentStillGivesDirectories() {
    let directories = Directories(environment: [:], userID: 1000, executable: "maskd") { _ in false }
    #expect(directories.configuration == "/tmp/maskd-1000/.config/maskd")
    #expect(directories.runtime == "/tmp/maskd-1000/.local/state/maskd/run")
  }

  @Test func whatSystemdPassesComesFirst() {
    let environment = [
      "CONFIGURATION_DIRECTORY": "/etc/a:/etc/b", "RUNTIME_DIRECTORY": "/run/a", "STATE_DIRECTORY": "/var/lib/a",
      "HOME": "/home/ada",
    ]
    let directories = Directories(environment: environment, userID: 1000, executable: "/b/maskd") { _ in false }
    #expect(directories.configuration == "/etc/a")
    #expect(directories.runtime == "/run/a")
    #expect(directories.state == "/var/lib/a")
  }

  @Test func aBuildFindsTheModelOfItsCheckout() {
    let files = ["/src/maskd/Package.swift", "/src/maskd/models/mask_mobilenetv2_int8.tflite"]
    let directories = Directories(
      environment: [:], userID: 1000, executable: "/src/maskd/.build/x86_64/release/maskd", exists: files.contains)
    #expect(directories.packagedModel == "/src/maskd/models/mask_mobilenetv2_int8.tflite")
  }
}
