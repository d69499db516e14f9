// SPDX-License-Identifier: Apache-2.0
import SystemPackage
import Testing

@testable import SnugSystem

@Suite("A file system's kind")
struct FileSystemKindTests {
    @Test(
        "Network and layered file systems are known to lose events",
        arguments: [0x6969, 0xFF53_4D42, 0x6573_5546, 0x794C_7630])
    func losesEvents(number: Int64) { #expect(FileSystemKind(number: number).nameIfEventsGetLost != nil) }

    @Test("Local file systems are not", arguments: [0xEF53, 0x0102_1994, 0x5846_5342, 0x9123_683E])
    func keepsEvents(number: Int64) { #expect(FileSystemKind(number: number).nameIfEventsGetLost == nil) }

    @Test("A path that is not there has no kind")
    func missing() { #expect(throws: Errno.noSuchFileOrDirectory) { try FileSystemKind(of: "/there/is/no/such") } }
}
