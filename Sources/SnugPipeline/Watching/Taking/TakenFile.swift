// SPDX-License-Identifier: Apache-2.0
package import SystemPackage

/// A file that is in work.
package struct TakenFile: Hashable, Sendable {
    package var id: IntakeID
    /// Its place in the watched folder.
    package var original: RelativePath
    /// The place where it is now: in the work folder, or still in the watched folder.
    package var path: FilePath
    /// True when it was moved to the work folder.
    package var isMoved: Bool
    /// Its sidecar, where it has one.
    package var sidecar: FilePath?

    package init(id: IntakeID, original: RelativePath, path: FilePath, isMoved: Bool, sidecar: FilePath? = nil) {
        self.id = id
        self.original = original
        self.path = path
        self.isMoved = isMoved
        self.sidecar = sidecar
    }
}
