// SPDX-License-Identifier: Apache-2.0
import DequeModule
import Synchronization

/// A mutual exclusion for tasks, in the order of asking. Waiting does not block a thread.
package final class AsyncMutex: Sendable {
    private struct State {
        var isLocked = false
        var waiters: Deque<(id: UInt64, continuation: CheckedContinuation<Void, any Error>)> = []
        var nextID: UInt64 = 0
    }
    private let state = Mutex(State())

    package init() {}

    /// The holder and those who wait.
    package var count: Int { state.withLock { ($0.isLocked ? 1 : 0) + $0.waiters.count } }

    /// Locks if nobody holds it.
    package func tryLock() -> Bool {
        state.withLock { state in
            if state.isLocked { return false }
            state.isLocked = true
            return true
        }
    }

    /// Waits for the lock.
    /// - Throws: `CancellationError`, without the lock.
    package func lock() async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Void, any Error>? in
                    // A cancellation before this point found nobody to wake.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if !state.isLocked {
                        state.isLocked = true
                        return .success(())
                    }
                    state.waiters.append((id, continuation))
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Hands the lock to the next in the queue.
    package func unlock() {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard let next = state.waiters.popFirst() else {
                state.isLocked = false
                return nil
            }
            return next.continuation
        }
        next?.resume()
    }

    /// Waits for the lock until a deadline; `nil` for as long as it takes.
    /// - Returns: False when the deadline came first.
    /// - Throws: `CancellationError`, without the lock.
    package func lock(until deadline: ContinuousClock.Instant?) async throws -> Bool {
        guard let deadline else {
            try await lock()
            return true
        }
        return try await lock { try await Task.sleep(until: deadline) }
    }

    /// Waits for the lock no longer than `timeout` takes to return.
    /// - Returns: False when `timeout` returned first.
    /// - Throws: `CancellationError`, without the lock.
    package func lock(within timeout: @escaping @Sendable () async throws -> Void) async throws -> Bool {
        if tryLock() { return true }
        let isLocked = await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { [self] in
                try await lock()
                return true
            }
            group.addTask {
                try await timeout()
                return false
            }
            var isLocked = false
            // The one that ends first ends the other; both may have come about.
            while let result = await group.nextResult() {
                group.cancelAll()
                if case .success(true) = result { isLocked = true }
            }
            return isLocked
        }
        if Task.isCancelled {
            if isLocked { unlock() }
            throw CancellationError()
        }
        return isLocked
    }
}
