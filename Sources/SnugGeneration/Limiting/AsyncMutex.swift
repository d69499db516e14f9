// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Lets one in at a time, in the order of asking.
final class AsyncMutex: Sendable {
    private struct State {
        var isTaken = false
        var waiters: [(id: UInt64, continuation: CheckedContinuation<Void, any Error>)] = []
        var nextID: UInt64 = 0
    }
    private let state = Mutex(State())

    /// Those inside and waiting.
    var count: Int { state.withLock { ($0.isTaken ? 1 : 0) + $0.waiters.count } }

    /// Goes in if nobody is there.
    func tryEnter() -> Bool {
        state.withLock { state in
            if state.isTaken { return false }
            state.isTaken = true
            return true
        }
    }

    /// Waits until it is one's turn.
    /// - Throws: `CancellationError`: one has left the queue.
    func enter() async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Void, any Error>? in
                    // A cancellation before this point found nobody to wake.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if !state.isTaken {
                        state.isTaken = true
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

    /// Lets the next one in.
    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard !state.waiters.isEmpty else {
                state.isTaken = false
                return nil
            }
            return state.waiters.removeFirst().continuation
        }
        next?.resume()
    }
}

/// Wakes the one who waits, or the next one to.
final class AsyncEvent: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())

    func ring() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            state.isRung = state.waiter == nil
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns when it rings, when it has rung since the last time, or when the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    defer { state.isRung = false }
                    if state.isRung || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }
}

extension AsyncMutex {
    /// The same, no longer than until a moment; `nil` for as long as it takes.
    /// - Returns: Whether one is in.
    /// - Throws: `CancellationError`: one is not in.
    func enter(until deadline: ContinuousClock.Instant?) async throws -> Bool {
        guard let deadline else {
            try await enter()
            return true
        }
        return try await enter { try await Task.sleep(until: deadline) }
    }

    /// The same, no longer than a wait takes.
    func enter(within wait: @escaping @Sendable () async throws -> Void) async throws -> Bool {
        if tryEnter() { return true }
        let isIn = await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { [self] in
                try await enter()
                return true
            }
            group.addTask {
                try await wait()
                return false
            }
            var isIn = false
            // The one that ends first ends the other; both may have come about.
            while let result = await group.nextResult() {
                group.cancelAll()
                if case .success(true) = result { isIn = true }
            }
            return isIn
        }
        if Task.isCancelled {
            if isIn { leave() }
            throw CancellationError()
        }
        return isIn
    }
}
