// SPDX-License-Identifier: Apache-2.0

/// The memory of an uploader: its pending uploads, the limits of hosts and the names of objects.
public typealias UploadStore = HostLimitStore & ObjectNameStore & UploadRecordStore

/// A store of the uploads that were begun and not finished.
///
/// A record is written before each step of an upload, and has to be durable when ``save(_:)`` returns. Each call runs to its
/// end although its task is cancelled: the server's part of a cancelled upload is found by its record.
public protocol UploadRecordStore: Sendable {
    /// All records, the oldest first.
    /// - Throws: `state_failed`.
    func records() async throws -> [UploadRecord]
    /// The record of a key, if there is one.
    /// - Throws: `state_failed`.
    func record(_ key: String) async throws -> UploadRecord?
    /// Writes a record in place of the one with its key.
    /// - Throws: `state_failed`.
    func save(_ record: UploadRecord) async throws
    /// Forgets an upload here; nothing is removed at the server.
    /// - Throws: `state_failed`.
    func remove(_ key: String) async throws
    /// Keeps other processes and tasks from sending the same file to the same target, where they would mix their data.
    ///
    /// The lock of a process that ends is free.
    /// - Throws: `in_use`, `state_failed`.
    func lock(_ key: String) async throws
    /// Gives a lock back.
    func unlock(_ key: String) async
}

/// A store of the maximum that hosts accept in one request.
public protocol HostLimitStore: Sendable {
    /// The limit of a host, named by scheme, host and port; also one whose time is over.
    /// - Throws: `state_failed`.
    func hostLimit(of origin: String) async throws -> HostLimit?
    /// Keeps a limit in place of the one before.
    /// - Throws: `state_failed`.
    func saveHostLimit(_ limit: HostLimit, of origin: String) async throws
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

extension UploadError {
    /// The error of a lock that another task or process has.
    public static var inUse: UploadError {
        UploadError(.inUse, "the same file is being sent to the same place already; wait for that to end")
    }
}
