// SPDX-License-Identifier: Apache-2.0

/// A fault of the storage that the workers of a fleet share.
package struct StorageError: Error, Sendable, Hashable {
    package enum Code: String, Sendable, Hashable {
        /// It cannot be reached, or asks to wait: the same may succeed later.
        case unavailable = "storage_unavailable"
        /// It refuses what is asked: keys, rights, a bucket that is not there.
        case refused = "storage_refused"
        /// The object is not there.
        case missing = "storage_missing"
        /// The bytes are not those that the name promises.
        case damaged = "storage_damaged"
        /// It knows no such request.
        case unsupported = "storage_unsupported"
        /// A file of this machine cannot be read or written.
        case ioFailed = "io_failed"
    }

    package var code: Code
    /// The fault and the remedy.
    package var message: String
    /// The time that the storage asked to wait.
    package var retryAfter: Duration?

    package init(_ code: Code, _ message: String, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }
}
