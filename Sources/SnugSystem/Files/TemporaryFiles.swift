// SPDX-License-Identifier: Apache-2.0
import Synchronization
package import SystemPackage

/// The half-written files of this process, so that an exit in a hurry can remove them.
package final class TemporaryFiles: Sendable {
    private let paths = Mutex<Set<FilePath>>([])

    package init() {}

    /// The beginning of the names of our temporary files; such files are no input.
    package static let prefix = ".snug-"

    /// A name that nobody else is likely to have.
    package static func randomName() -> String { prefix + TemporaryName().random() }

    /// Removes the temporary files that killed processes left in a folder: those with a name of ``randomName()``, after
    /// `start`, whose process of this machine has ended, or that nobody has touched for a day. What cannot be read or
    /// removed stays.
    package static func sweep(_ folder: FilePath, start: String = "", now: Int = WallClock.seconds) {
        let beginning = Array((start + prefix).utf8)
        let length = beginning.count + TemporaryName.length
        let oldest = Int64(now - 86_400) * 1_000_000_000
        for path in (try? FolderListing.files(in: folder)) ?? [] {
            guard let name = path.lastComponent.map({ FilePath(root: nil, [$0]).bytes }), name.count == length,
                name.starts(with: beginning), let identity = try? FileIdentity(of: path, followsLinks: false),
                identity.kind == .file,
                identity.modified < oldest && identity.changed < oldest
                    || TemporaryName(name.dropFirst(beginning.count)).isOrphaned
            else { continue }
            FileSystem.removeIfThere(path)
        }
    }

    /// Notes a file that is about to be created.
    package func remember(_ path: FilePath) { paths.withLock { _ = $0.insert(path) } }

    /// Forgets a file that has its final name, or is gone.
    package func forget(_ path: FilePath) { paths.withLock { _ = $0.remove(path) } }

    /// Removes what is there; for the moment before the process ends.
    package func removeAll() {
        let leftovers = paths.withLock { $0 }
        for path in leftovers { FileSystem.removeIfThere(path) }
    }
}
