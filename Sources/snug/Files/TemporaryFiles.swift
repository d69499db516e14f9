// SPDX-License-Identifier: Apache-2.0
import Synchronization
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The half-written files of this process, so that an exit in a hurry can remove them.
final class TemporaryFiles: Sendable {
    private let paths = Mutex<Set<FilePath>>([])

    /// How the names of our temporary files begin; such files are no input.
    static let prefix = ".snug-"

    /// A name that nobody else is likely to have.
    static func randomName() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return prefix + String((0..<12).map { _ in letters[Int.random(in: letters.indices)] })
    }

    /// Notes a file that is about to be created.
    func remember(_ path: FilePath) { paths.withLock { _ = $0.insert(path) } }

    /// Forgets a file that has its final name, or is gone.
    func forget(_ path: FilePath) { paths.withLock { _ = $0.remove(path) } }

    /// Removes what is there; for the moment before the process ends.
    func removeAll() {
        let leftovers = paths.withLock { $0 }
        for path in leftovers { unsafe path.withPlatformString { _ = unsafe unlink($0) } }
    }
}

extension TemporaryFiles {
    /// Removes one file that is done with.
    static func remove(_ path: FilePath) { unsafe path.withPlatformString { _ = unsafe unlink($0) } }
}
