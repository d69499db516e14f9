// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Runs work one at a time for each key, in the order of asking; different keys do not wait for each other.
package final class KeyedQueue: Sendable {
    private let queues = Mutex<[String: (mutex: AsyncMutex, users: Int)]>([:])

    package init() {}

    /// Runs `body` when its turn comes.
    /// - Returns: `nil` when the turn did not come before the deadline.
    /// - Throws: `CancellationError`; what `body` throws.
    package func run<Result>(
        _ key: String, until deadline: ContinuousClock.Instant? = nil, _ body: () async throws -> Result
    ) async throws -> Result? {
        let mutex = queues.withLock { queues in
            let mutex = queues[key]?.mutex ?? AsyncMutex()
            queues[key] = (mutex, (queues[key]?.users ?? 0) + 1)
            return mutex
        }
        defer {
            queues.withLock { queues in
                let users = (queues[key]?.users ?? 1) - 1
                queues[key] = users > 0 ? (mutex, users) : nil
            }
        }
        guard try await mutex.lock(until: deadline) else { return nil }
        defer { mutex.unlock() }
        return try await body()
    }
}
