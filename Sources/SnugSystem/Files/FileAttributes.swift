// SPDX-License-Identifier: Apache-2.0
internal import CPlatform
import Glibc
package import SystemPackage

/// The attributes that a new file takes over from the file that it was made of.
package struct FileAttributes: Sendable, Hashable {
    private enum Extent: Sendable, Hashable {
        /// Permissions, time and extended attributes.
        case all
        /// The usual permissions, as far as the source has them too.
        case permissionsAtMost
    }

    private let source: FilePath
    private let mode: UInt32
    private let modified: Int64
    private let extent: Extent

    /// Takes over permissions, the time of the last change, and the extended attributes of the user.
    package static func all(of source: FilePath, identity: FileIdentity) -> FileAttributes {
        FileAttributes(source: source, mode: identity.mode, modified: identity.modified, extent: .all)
    }

    /// Takes over nothing, but lets nobody read the file who could not read its source.
    package static func permissionsAtMost(of source: FilePath, identity: FileIdentity) -> FileAttributes {
        FileAttributes(source: source, mode: identity.mode, modified: identity.modified, extent: .permissionsAtMost)
    }

    /// Gives an open file the attributes.
    ///
    /// Where the file system has no such attribute, there is none to keep; only permissions have to be as they are asked for.
    func apply(to file: FileDescriptor) throws(Errno) {
        switch extent {
        case .permissionsAtMost:
            let own = try FileIdentity(of: file).mode
            if own & ~mode & 0o777 != 0 { try Self.setMode(own & mode & 0o777, of: file) }
        case .all:
            try Self.setMode(mode & 0o777, of: file)
            unsafe source.withPlatformString { unsafe snug_copy_user_attributes($0, file.rawValue) }
            let (seconds, nanoseconds) = modified.quotientAndRemainder(dividingBy: 1_000_000_000)
            let isBefore = nanoseconds < 0
            _ = snug_set_modified(
                file.rawValue, isBefore ? seconds - 1 : seconds,
                Int32(isBefore ? nanoseconds + 1_000_000_000 : nanoseconds))
        }
    }

    private static func setMode(_ mode: UInt32, of file: FileDescriptor) throws(Errno) {
        do throws(Errno) {
            _ = try retryingInterrupted { fchmod(file.rawValue, mode_t(mode)) }
        } catch .notSupported, .noFunction, .notPermitted {
            // A file system without permissions.
            return
        }
    }
}
