// SPDX-License-Identifier: Apache-2.0
import OrderedCollections
import SnugSystem
import Synchronization

/// Results that clients come back for: held in memory, bounded by bytes and age, the oldest given up first.
///
/// ``keepHouse()`` frees what is too old; without it only room for others is made.
final class ResultStore<Value: Sendable>: Sendable {
    private struct Entry {
        var value: Value
        var bytes: Int
        var storedAt: ContinuousClock.Instant
    }
    private struct State {
        /// The oldest first.
        var entries: OrderedDictionary<String, Entry> = [:]
        var bytes = 0
    }
    private let state = Mutex(State())
    private let maximumBytes: Int
    private let maximumAge: Duration

    init(maximumBytes: Int, maximumAge: Duration) {
        self.maximumBytes = maximumBytes
        self.maximumAge = maximumAge
    }

    /// Bytes that are held.
    var usedBytes: Int { state.withLock { $0.bytes } }

    /// Keeps a value.
    /// - Returns: Its key, which nobody can guess; `nil` for a value that is larger than the store.
    func put(_ value: Value, bytes: Int, now: ContinuousClock.Instant = .now) -> String? {
        guard bytes <= maximumBytes else { return nil }
        var random = SystemRandomNumberGenerator()
        let key = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }.hexadecimal
        state.withLock { state in
            while state.bytes + bytes > maximumBytes, let oldest = state.entries.values.first {
                state.entries.removeFirst()
                state.bytes -= oldest.bytes
            }
            state.entries[key] = Entry(value: value, bytes: bytes, storedAt: now)
            state.bytes += bytes
        }
        return key
    }

    /// Gives up the values that are too old.
    /// - Returns: The time until the next one is: never more than the maximum age, which is also that of an empty store.
    func removeExpired(now: ContinuousClock.Instant = .now) -> Duration {
        state.withLock { state in
            while let oldest = state.entries.values.first {
                let left = oldest.storedAt + maximumAge - now
                guard left < .zero else { return left }
                state.entries.removeFirst()
                state.bytes -= oldest.bytes
            }
            return maximumAge
        }
    }

    /// Gives up values as their time comes, until the task is cancelled.
    func keepHouse() async {
        while !Task.isCancelled {
            // A value that comes meanwhile ends no earlier than this look.
            try? await Task.sleep(for: removeExpired() + .milliseconds(1))
        }
    }

    /// A value that is still held.
    func get(_ key: String, now: ContinuousClock.Instant = .now) -> Value? {
        state.withLock { state in
            guard let entry = state.entries[key], now - entry.storedAt <= maximumAge else { return nil }
            return entry.value
        }
    }
}
