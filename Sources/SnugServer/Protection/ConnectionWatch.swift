// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Synchronization

/// Tells the request of a connection that its client has gone.
final class ConnectionWatch: Sendable {
    private let closed = Mutex(false)
    private let event = AsyncEvent()

    /// True once the client has closed the connection.
    var isClosed: Bool { closed.withLock { $0 } }

    /// Marks the connection as closed.
    func close() {
        closed.withLock { $0 = true }
        event.signal()
    }

    /// Runs `work`, and cancels it when the client goes.
    /// - Throws: `CancellationError` when the client has gone; what `work` throws.
    func whileConnected<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                await self.waitUntilClosed()
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let result = first else { throw CancellationError() }
            return result
        }
    }

    private func waitUntilClosed() async {
        while !isClosed, !Task.isCancelled { await event.wait() }
    }
}
