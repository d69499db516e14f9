// SPDX-License-Identifier: Apache-2.0
import SnugSystem
package import SystemPackage

/// True presence of a watched folder: a mount point without its file system is an empty folder that means nothing.
package enum FolderPresence: Sendable, Hashable {
    case present(FolderPlace)
    /// It cannot be opened.
    case absent(Errno)
    /// Another file system began at it when it was last there, and does not now.
    case notMounted

    /// Asks the system. It blocks.
    /// - Parameter remembered: The place where the folder was when it was last there.
    package init(of root: FilePath, remembered: FolderPlace?) {
        do throws(Errno) {
            let folder = try OpenFolder(root)
            let identity = try folder.identity()
            let parent = try folder.opening([UInt8](repeating: UInt8(ascii: "."), count: 2)).identity()
            self.init(identity, parent: parent, remembered: remembered)
        } catch {
            self = .absent(error)
        }
    }

    /// Device numbers may change at each start of the machine, so that it is not the number that counts.
    init(_ identity: FileIdentity, parent: FileIdentity, remembered: FolderPlace?) {
        let place = FolderPlace(
            device: identity.device, inode: identity.inode, isMountPoint: identity.device != parent.device)
        self = remembered?.isMountPoint == true && !place.isMountPoint ? .notMounted : .present(place)
    }
}
