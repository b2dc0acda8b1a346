/// What a line of the journal is about. `journalctl -x` explains each by `systemd/maskd.catalog`.
///
/// The values never change; a new kind of message gets a new one (`systemd-id128 new`).
public enum MessageID: String, Sendable, CaseIterable {
  /// The daemon is ready.
  case started = "cf6f14b43b394092b83a57c0a3aedd5a"
  /// The daemon ends.
  case stopping = "5b5559edcee34666879fc698bc25f7d9"
  /// A region's state changed.
  case stateChanged = "df984a68e49744a1ad7ec9eee4c4d447"
  /// A camera delivers frames.
  case cameraFound = "93e0985574f04199b43e99faf6fa1f22"
  /// A camera is gone, or cannot be opened.
  case cameraLost = "e92864dedf254bd19a20dbb313c21c67"
  /// A camera is there but delivers no frames.
  case cameraStalled = "246c2a7e9d26417fba20e8f760b92042"
  /// Frames are shed because classification is too slow.
  case overload = "4bfad095fcb146349dc0365d0ec13644"
  /// Frames are no longer shed.
  case overloadEnded = "1c0f6c31c8884e99a6c715e97efcfcb5"
  /// A model took over.
  case modelCommitted = "a10b9d957d2f4902a7f62ee19adbafc3"
  /// A dropped model was refused.
  case modelRejected = "896afa6021fc4789adde33e37f969130"
  /// A model was taken back.
  case modelRolledBack = "260e62a74c1e458c8f91b071ed6a6ed4"
  /// No model can be used at all.
  case modelUnavailable = "0cb42ac399984547b0d2fb794946a050"
  /// The configuration was read again.
  case configurationReloaded = "3c4c751faee54d5e8ba4cf40a940bb80"
  /// The configuration was refused.
  case configurationRejected = "7743b1b183b641b597c03506cafe2b28"
  /// A client of the results socket was refused or cut off.
  case clientRefused = "ba8820369dcc47cc979fe90442a2892c"
  /// A part of the daemon does not make progress, or failed inside.
  case internalFailure = "2ad516dcd8f6407191d5ce61686c641b"
}
