// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// A store that lasts as long as the process: uploads survive a lost connection, not a restart.
public final class MemoryUploadStore: UploadRecordStore, HostLimitStore {
    private struct State {
        var records: [String: UploadRecord] = [:]
        var limits: [String: HostLimit] = [:]
    }
    private let state = Mutex(State())
    private let locks = Locks()

    private final class Locks: Sendable {
        let held = Mutex<Set<String>>([])
    }

    private final class Lock: UploadLock {
        private let key: String
        private let locks: Locks

        init(_ key: String, _ locks: Locks) {
            self.key = key
            self.locks = locks
        }

        deinit { _ = locks.held.withLock { $0.remove(key) } }
    }

    /// An empty store.
    public init() {}

    /// All pending uploads, the oldest first.
    public func pending() -> [UploadRecord] {
        state.withLock { Array($0.records.values) }.filter(\.hasBegun).sorted {
            ($0.created, $0.key) < ($1.created, $1.key)
        }
    }

    /// The record of a key, if there is one.
    public func record(_ key: String) -> UploadRecord? { state.withLock { $0.records[key] } }

    /// Writes a record in place of the one with its key.
    public func save(_ record: UploadRecord) { state.withLock { $0.records[record.key] = record } }

    /// Forgets an upload here; nothing is removed at the server.
    public func remove(_ key: String) { state.withLock { $0.records[key] = nil } }

    /// Locks an upload until the last reference to the lock is gone.
    public func lock(_ key: String) throws(UploadError) -> any UploadLock {
        guard locks.held.withLock({ $0.insert(key).inserted }) else { throw .inUse }
        return Lock(key, locks)
    }

    /// All limits, by origin.
    public func hostLimits() -> [String: HostLimit] { state.withLock { $0.limits } }

    /// Replaces all limits.
    public func saveHostLimits(_ limits: [String: HostLimit]) { state.withLock { $0.limits = limits } }
}
