import Testing

@Suite struct DemoTests {
  @Test func programFolderIsSet() { #expect(!Program.folder.isEmpty) }
}
