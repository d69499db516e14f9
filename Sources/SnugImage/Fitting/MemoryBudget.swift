// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The memory shared by all jobs: a job starts once its whole need is free.
///
/// A large job waits for others to end. A limited number of small ones may overtake it, so that neither kind blocks
/// the other forever.
final class MemoryBudget: Sendable {
    /// Small jobs that may pass a waiting large one.
    private static let maximumOvertakers = 32

    private struct Waiter {
        let id: UInt64
        let bytes: Int
        var overtaken = 0
        let continuation: CheckedContinuation<Bool, Never>
    }
    private struct State {
        var free: Int
        var nextID: UInt64 = 0
        var waiters: [Waiter] = []
        /// Reservations cancelled before they began to wait.
        var cancelled: Set<UInt64> = []
    }

    /// Bytes in all.
    let total: Int
    private let state: Mutex<State>

    init(total: Int) {
        self.total = total
        state = Mutex(State(free: total))
    }

    /// The use at this moment.
    var use: MemoryUse {
        state.withLock { MemoryUse(total: total, used: total - $0.free, waiting: $0.waiters.count) }
    }

    /// Runs `body` with `bytes` reserved.
    /// - Throws: `CancellationError` when cancelled while waiting; what `body` throws.
    func withReservation<Result: Sendable>(
        of bytes: Int, _ body: () async throws -> Result
    ) async throws -> Result {
        let start = ContinuousClock.now
        try await reserve(bytes)
        MemoryWait.current?.add(ContinuousClock.now - start)
        defer { release(bytes) }
        return try await body()
    }

    /// Runs `body` with `bytes` reserved, unless it would have to wait for them.
    /// - Returns: `nil` where it would.
    func withFree<Result>(_ bytes: Int, _ body: () throws -> Result) rethrows -> Result? {
        let isFree = state.withLock { state in
            guard state.waiters.isEmpty, bytes <= state.free else { return false }
            state.free -= bytes
            return true
        }
        guard isFree else { return nil }
        defer { release(bytes) }
        return try body()
    }

    private func reserve(_ bytes: Int) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let granted = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let immediate: Bool? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return false }
                    if state.waiters.isEmpty && bytes <= state.free {
                        state.free -= bytes
                        return true
                    }
                    state.waiters.append(Waiter(id: id, bytes: bytes, continuation: continuation))
                    return nil
                }
                if let immediate { continuation.resume(returning: immediate) } else { admit() }
            }
        } onCancel: {
            let waiter: Waiter? = state.withLock { state in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiters.remove(at: index)
            }
            guard let waiter else { return }
            waiter.continuation.resume(returning: false)
            // It may have been the one that no more jobs were to overtake.
            admit()
        }
        // The handler may have run after the grant: its mark would stay behind.
        state.withLock { _ = $0.cancelled.remove(id) }
        if !granted { throw CancellationError() }
    }

    private func release(_ bytes: Int) {
        state.withLock { $0.free += bytes }
        admit()
    }

    /// Lets in whoever has room now, in order, as far as overtaking is allowed.
    private func admit() {
        let admitted = state.withLock { state in
            var admitted: [Waiter] = []
            var index = 0
            while index < state.waiters.count {
                if state.waiters[index].bytes <= state.free {
                    let waiter = state.waiters.remove(at: index)
                    state.free -= waiter.bytes
                    for passed in 0..<index { state.waiters[passed].overtaken += 1 }
                    admitted.append(waiter)
                } else if state.waiters[index].overtaken >= Self.maximumOvertakers {
                    break
                } else {
                    index += 1
                }
            }
            return admitted
        }
        for waiter in admitted { waiter.continuation.resume(returning: true) }
    }
}
