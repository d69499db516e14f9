// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// A store that lasts as long as the process: uploads survive a lost connection, not a restart.
public final class InMemoryUploadStore: UploadRecordStore, HostLimitStore {
    struct State {
        var records: [String: UploadRecord] = [:]
        var limits: [String: HostLimit] = [:]
        var locked: Set<String> = []
        var finished: [String: UploadReceipt] = [:]
        /// Contents by the addresses of their objects.
        var names: [String: String] = [:]
    }
    let state = Mutex(State())

    /// An empty store.
    public init() {}

    /// All records, the oldest first.
    public func records() -> [UploadRecord] {
        state.withLock { Array($0.records.values) }.sorted { ($0.created, $0.key) < ($1.created, $1.key) }
    }

    /// The record of a key, if there is one.
    public func record(_ key: String) -> UploadRecord? { state.withLock { $0.records[key] } }

    /// Writes a record in place of the one with its key.
    public func save(_ record: UploadRecord) { state.withLock { $0.records[record.key] = record } }

    /// Forgets an upload here; nothing is removed at the server.
    public func remove(_ key: String) { state.withLock { $0.records[key] = nil } }

    /// Locks an upload.
    /// - Throws: `in_use`.
    public func lock(_ key: String) throws {
        guard state.withLock({ $0.locked.insert(key).inserted }) else { throw UploadError.inUse }
    }

    /// Gives a lock back.
    public func unlock(_ key: String) { state.withLock { _ = $0.locked.remove(key) } }

    /// The limit of a host.
    public func hostLimit(of origin: String) -> HostLimit? { state.withLock { $0.limits[origin] } }

    /// Keeps a limit in place of the one before.
    public func saveHostLimit(_ limit: HostLimit, of origin: String) { state.withLock { $0.limits[origin] = limit } }
}
