// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// The result of taking over the state files of versions before the ledger.
public struct TakeOver: Sendable, Hashable {
    /// A file that could not be taken over, and stays where it is.
    public struct Problem: Sendable, Hashable {
        /// The file.
        public var path: FilePath
        /// The fault and the remedy, without the path.
        public var message: String
    }

    /// Records that are in the ledger now. Their files are named `*.migrated`.
    public internal(set) var records = 0
    /// Files that stay.
    public internal(set) var problems: [Problem] = []
}
