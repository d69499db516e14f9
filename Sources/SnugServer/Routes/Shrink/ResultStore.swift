// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Synchronization

/// Results that clients come back for: held in memory, bounded by bytes and age, the oldest given up first.
final class ResultStore<Value: Sendable>: Sendable {
    private struct Entry {
        var value: Value
        var bytes: Int
        var storedAt: ContinuousClock.Instant
    }
    private struct State {
        var entries: [String: Entry] = [:]
        /// Keys, the oldest first.
        var order: [String] = []
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
            while let oldest = state.order.first, let entry = state.entries[oldest],
                state.bytes + bytes > maximumBytes || now - entry.storedAt > maximumAge
            {
                state.order.removeFirst()
                state.entries[oldest] = nil
                state.bytes -= entry.bytes
            }
            state.entries[key] = Entry(value: value, bytes: bytes, storedAt: now)
            state.order.append(key)
            state.bytes += bytes
        }
        return key
    }

    /// A value that is still held.
    func get(_ key: String, now: ContinuousClock.Instant = .now) -> Value? {
        state.withLock { state in
            guard let entry = state.entries[key], now - entry.storedAt <= maximumAge else { return nil }
            return entry.value
        }
    }
}
