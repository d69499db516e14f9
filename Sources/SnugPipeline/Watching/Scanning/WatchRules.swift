// SPDX-License-Identifier: Apache-2.0

/// The names in a watched folder that are no input, and those that look unfinished.
package struct WatchRules: Sendable, Hashable {
    /// Walks subfolders.
    ///
    /// Default true.
    package var isRecursive: Bool
    /// Folders below each other, at most. Each is open while the ones in it are walked.
    ///
    /// Default 64.
    package var maximumDepth: Int

    package init(isRecursive: Bool = true, maximumDepth: Int = 64) {
        self.isRecursive = isRecursive
        self.maximumDepth = maximumDepth
    }

    /// The meaning of a name.
    package enum NameClass: Sendable, Hashable {
        case input
        /// Looks like a file that a program is still writing: it has to be quiet for longer, and is never given up.
        case unfinished
        /// Belongs to the file of the name before `.json`.
        case sidecar
        /// Begins with a dot: people and programs hide what is for nobody else. Our own temporary files are among these.
        case hidden
    }

    /// The class of a file's name.
    package static func nameClass(_ name: [UInt8]) -> NameClass {
        if name.first == UInt8(ascii: ".") { return .hidden }
        let lower = String(decoding: name, as: UTF8.self).lowercased()
        if lower.hasSuffix(".json") { return .sidecar }
        let looksUnfinished =
            lower.hasPrefix("~") || lower.hasSuffix("~") || unfinishedSuffixes.contains { lower.hasSuffix($0) }
        return looksUnfinished ? .unfinished : .input
    }

    /// The endings that programs give to files which they have not finished.
    private static let unfinishedSuffixes = [
        ".part", ".tmp", ".partial", ".crdownload", ".filepart", ".swp", ".download", ".opdownload", ".tacitpart",
        ".!ut",
        ".inprogress", ".uploading",
    ]
}
