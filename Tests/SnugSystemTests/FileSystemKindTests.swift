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

    @Test(
        "File systems that other machines write to are told from local ones",
        arguments: [
            (0x6969, "NFS"), (0x517B, "SMB"), (0xFF53_4D42, "SMB"), (0xFE53_4D42, "SMB"), (0x6573_5546, "FUSE"),
            (0x0102_1997, "9P"), (0x00C3_6400, "Ceph"), (0x5346_414F, "AFS"), (0x6B41_4653, "AFS"),
            (0x7375_7245, "Coda"), (0x0BD0_0BD0, "Lustre"), (0x786F_4256, "VirtualBox shared folder"),
            (0x0116_1970, "GFS2"), (0x7461_636F, "OCFS2"), (0x4750_4653, "GPFS"), (0xEF53, nil), (0x5846_5342, nil),
            (0x9123_683E, nil), (0x0102_1994, nil), (0x794C_7630, nil), (0x2FC1_2FC1, nil), (0x0187, nil), (0, nil),
        ] as [(Int64, String?)])
    func networks(number: Int64, name: String?) {
        let kind = FileSystemKind(number: number)
        #expect(kind.networkName == name)
        if let name { #expect(kind.nameIfEventsGetLost == name) }
    }

    @Test("A folder of this machine has the kind that the system's own tool names")
    func own() throws {
        let kind = try FileSystemKind(of: "/proc")
        #expect(kind.number == 0x9FA0 && kind.networkName == nil)
    }

    @Test("A path that is not there has no kind")
    func missing() { #expect(throws: Errno.noSuchFileOrDirectory) { try FileSystemKind(of: "/there/is/no/such") } }
}
