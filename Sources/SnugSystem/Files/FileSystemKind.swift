// SPDX-License-Identifier: Apache-2.0
import CPlatform
package import SystemPackage

/// The kind of file system that a path is on.
package struct FileSystemKind: Hashable, Sendable {
    /// The system's number for it (statfs(2), linux/magic.h); 0 where it has none.
    package var number: Int64

    /// A kind by its number.
    package init(number: Int64) { self.number = number }

    /// Asks the system.
    package init(of path: FilePath) throws(Errno) {
        let result = unsafe path.withPlatformString { unsafe snug_file_system_type($0) }
        if result < 0 { throw .current }
        number = result
    }

    /// The name of a file system whose changes may be made by another machine or beneath a layer, so that the system
    /// reports only some of them; `nil` for all others.
    package var nameIfEventsGetLost: String? { networkName ?? Self.layers[number] }

    /// The name of a file system that is not the machine's own, so that its locks and shared memory cannot be relied on;
    /// `nil` for all others.
    package var networkName: String? { Self.networks[number] }

    /// The name of a common file system; `nil` for all others.
    package var name: String? { Self.local[number] ?? nameIfEventsGetLost }

    private static let local: [Int64: String] = [
        0xEF53: "ext4", 0x5846_5342: "XFS", 0x9123_683E: "Btrfs", 0x0102_1994: "tmpfs", 0x2FC1_2FC1: "ZFS",
        0xF2F5_2010: "F2FS", 0xCA45_1A4E: "bcachefs", 0x4D44: "FAT", 0x2011_BAB0: "exFAT", 0x5346_544E: "NTFS",
        0x8584_58F6: "ramfs", 0xF15F: "eCryptfs",
    ]

    private static let networks: [Int64: String] = [
        0x6969: "NFS", 0x517B: "SMB", 0xFF53_4D42: "SMB", 0xFE53_4D42: "SMB", 0x6573_5546: "FUSE",
        0x0102_1997: "9P", 0x00C3_6400: "Ceph", 0x5346_414F: "AFS", 0x6B41_4653: "AFS", 0x7375_7245: "Coda",
        0x0BD0_0BD0: "Lustre", 0x786F_4256: "VirtualBox shared folder", 0x0116_1970: "GFS2", 0x7461_636F: "OCFS2",
        0x4750_4653: "GPFS",
    ]

    private static let layers: [Int64: String] = [0x794C_7630: "overlay", 0x0187: "autofs"]
}
