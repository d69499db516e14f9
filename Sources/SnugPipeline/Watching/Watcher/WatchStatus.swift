// SPDX-License-Identifier: Apache-2.0

/// The state of a watched folder, for logs, the page and `snug doctor`.
package struct WatchStatus: Sendable, Hashable {
    /// A file that waits for more than quiet.
    package struct WaitingFile: Sendable, Hashable {
        package var path: RelativePath
        /// The reason, as the end of a sentence about the file.
        package var reason: String
        /// Time since its last change.
        package var quietFor: Duration
        /// Time until the next look.
        package var nextLook: Duration
    }

    /// How changes are noticed; `nil` before that is known.
    package var mode: WatchMode?
    /// The folder's presence; `nil` before the first look.
    package var presence: FolderPresence?
    /// Why the folder could not be looked at the last time; `nil` when it could.
    package var trouble: String?
    /// Files that are waited for.
    package var waitingCount = 0
    /// The first few of those that wait for more than quiet.
    package var waitingFiles: [WaitingFile] = []
    /// Files handed over so far.
    package var settledCount = 0
    /// Files given up so far.
    package var givenUpCount = 0
    /// Scans of the whole folder so far.
    package var scanCount = 0
    /// Folders and files of the last scan, and entries that it left alone.
    package var folderCount = 0
    package var fileCount = 0
    package var knownCount = 0
    package var skipped: [ScanReport.Skip: Int] = [:]
    /// True while there are more new files than can be waited for.
    package var hasMore = false
    /// Processor time of the last scan.
    package var scanTime = Duration.zero
    /// Times that the system's event queue was full.
    package var overflowCount = 0

    package init() {}
}
