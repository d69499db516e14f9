// SPDX-License-Identifier: Apache-2.0

/// Changes of a watched folder that nobody has looked at yet: a set with a bound.
///
/// However many events come, a path is in it once; beyond the bound it says only that everything has to be scanned.
package struct FolderChanges: Sendable, Hashable {
    /// Files that something happened to.
    package private(set) var files: Set<RelativePath> = []
    /// Folders that are new here, and have to be walked.
    package private(set) var folders: Set<RelativePath> = []
    /// True when the whole folder has to be scanned.
    package private(set) var needsScan = false
    private let bound: Int

    /// - Parameter bound: Paths at most.
    package init(bound: Int) { self.bound = bound }

    package var isEmpty: Bool { files.isEmpty && folders.isEmpty && !needsScan }

    package mutating func insert(file path: RelativePath) {
        if needsScan { return }
        files.insert(path)
        checkBound()
    }

    package mutating func insert(folder path: RelativePath) {
        if needsScan { return }
        folders.insert(path)
        checkBound()
    }

    /// Events were lost, or there are too many.
    package mutating func scanAll() {
        needsScan = true
        folders = []
    }

    /// Hands the changes out, and starts over.
    package mutating func take() -> FolderChanges {
        defer { self = FolderChanges(bound: bound) }
        return self
    }

    private mutating func checkBound() {
        if files.count + folders.count > bound {
            files = []
            scanAll()
        }
    }
}
