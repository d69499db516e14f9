// SPDX-License-Identifier: Apache-2.0

/// The memory of an uploader: its pending uploads and the limits of hosts.
public typealias UploadStore = HostLimitStore & UploadRecordStore

/// A store of the uploads that were begun and not finished.
///
/// A record is written before each step of an upload, and has to be durable when ``save(_:)`` returns. The calls may
/// block.
public protocol UploadRecordStore: Sendable {
    /// All pending uploads, the oldest first.
    /// - Throws: `state_failed`.
    func pending() throws(UploadError) -> [UploadRecord]
    /// The record of a key, if there is one.
    /// - Throws: `state_failed`.
    func record(_ key: String) throws(UploadError) -> UploadRecord?
    /// Writes a record in place of the one with its key.
    /// - Throws: `state_failed`.
    func save(_ record: UploadRecord) throws(UploadError)
    /// Forgets an upload here; nothing is removed at the server.
    /// - Throws: `state_failed`.
    func remove(_ key: String) throws(UploadError)
    /// Keeps other processes and tasks from sending the same file to the same target, where they would mix their data.
    /// - Returns: The lock, held until its last reference is gone.
    /// - Throws: `in_use`, `state_failed`.
    func lock(_ key: String) throws(UploadError) -> any UploadLock
}

/// A lock on an upload, given back with the last reference.
public protocol UploadLock: AnyObject, Sendable {}

/// A store of the maximum that hosts accept in one request.
///
/// The calls may block.
public protocol HostLimitStore: Sendable {
    /// All limits, by origin.
    /// - Throws: `state_failed`.
    func hostLimits() throws(UploadError) -> [String: HostLimit]
    /// Replaces all limits.
    /// - Throws: `state_failed`.
    func saveHostLimits(_ limits: [String: HostLimit]) throws(UploadError)
}

/// The maximum that a host accepts in one request.
public struct HostLimit: Codable, Sendable, Hashable {
    /// Bytes.
    public var ceiling: Int
    /// The end of its validity, in seconds since 1970.
    public var until: Int

    /// Makes a limit.
    public init(ceiling: Int, until: Int) {
        self.ceiling = ceiling
        self.until = until
    }
}
