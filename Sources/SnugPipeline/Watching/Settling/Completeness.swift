// SPDX-License-Identifier: Apache-2.0

/// The state of a file's content, as far as a look at it tells.
package enum Completeness: Sendable, Hashable {
    /// The format's own end is there.
    case complete
    /// Its end is there, but a program has the file open for writing, or parts of it were never written.
    case suspicious(String)
    /// The content does not tell.
    case unproven(String)
    /// The end is missing.
    case incomplete(String)
    /// The file cannot be read: permissions, a failing disk.
    case unreadable(String)
    /// The file is not the one that was to be looked at: it changed, or is gone.
    case changed
}
