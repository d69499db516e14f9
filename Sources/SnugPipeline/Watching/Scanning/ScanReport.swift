// SPDX-License-Identifier: Apache-2.0
package import SystemPackage

/// Counts of one walk through a watched folder, and the files in it that are new.
package struct ScanReport: Sendable {
    /// A reason to leave an entry alone.
    package enum Skip: String, Sendable, Hashable, CaseIterable {
        case hidden, sidecar
        case link = "symbolic link"
        case special = "pipe, socket or device"
        case unreadableFolder = "folder that cannot be read"
        case tooDeep = "folder too deep"
        case vanished
    }

    /// Folders walked, the watched one included.
    package var folderCount = 0
    /// Regular files with a name that is an input's.
    package var fileCount = 0
    /// Files that need no work.
    package var settledCount = 0
    /// Files that do.
    package var files: [ScannedFile] = []
    /// True when there were more new files than the walk had room for: it has to be repeated.
    package var isPartial = false
    /// Entries left alone.
    package var skipped: [Skip: Int] = [:]
    /// The folders' states before they were listed, to see at little cost that nothing was added since.
    package var stamps: [RelativePath: FileVersion] = [:]
    /// Folders that could not be read, with the reason; the first few.
    package var failures: [(RelativePath, Errno)] = []
    /// Seconds of processor time that the walk took.
    package var processorTime = Duration.zero
}
