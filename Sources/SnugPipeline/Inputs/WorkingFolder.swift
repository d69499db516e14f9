// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugUpload
package import SystemPackage

/// The folder at which relative paths begin.
package enum WorkingFolder {
    /// - Throws: ``UploadError`` when the folder has been removed.
    package static func current() throws -> FilePath {
        do throws(Errno) { return try FileSystem.currentFolder() } catch {
            throw UploadError(.sourceFailed, "the current folder is gone; change to another")
        }
    }

    /// A path as a person standing in this folder would write it.
    package static func shown(_ path: FilePath) -> FilePath {
        var path = path
        guard let here = try? current(), path.starts(with: here), path != here else { return path }
        _ = path.removePrefix(here)
        return path
    }

    /// A path that stays valid when the folder changes.
    package static func absolute(_ path: FilePath) throws -> FilePath {
        path.isAbsolute ? path : try current().pushing(path)
    }
}

extension FilePath {
    /// True for `-`, the name of standard input and output.
    package var isDash: Bool { bytes == [0x2D] }

    /// The bytes of the last component; empty where there is none.
    package var nameBytes: [UInt8] { lastComponent.map { FilePath($0).bytes } ?? [] }

    /// A path of one component.
    package init(_ component: FilePath.Component) { self.init(root: nil, [component]) }
}
