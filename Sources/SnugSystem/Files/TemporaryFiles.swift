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
    package static func randomName() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return prefix + String((0..<12).map { _ in letters[Int.random(in: letters.indices)] })
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
