// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugSystem
import Synchronization

/// Lets as many requests work at once as there are workers, and as many wait as the queue holds.
///
/// A request asks for its place once its body is in: clients that send slowly, or stop, keep no worker.
final class AdmissionQueue: Sendable {
    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Admission, Never>
    }
    private enum Admission { case granted, cancelled, timedOut }
    private struct State {
        var running = 0
        var nextID: UInt64 = 0
        var waiters: [Waiter] = []
        /// Requests whose wait ended before it began.
        var ended: [UInt64: Admission] = [:]
        /// Mean seconds of work, recent requests weighing most.
        var meanSeconds = 1.0
    }
    private let state = Mutex(State())
    /// Requests that work at once.
    let workers: Int
    /// Requests that may wait.
    let length: Int
    private let timeout: Duration

    init(workers: Int, length: Int, timeout: Duration) {
        self.workers = max(1, workers)
        self.length = length
        self.timeout = timeout
    }

    /// Requests that work, and that wait.
    var use: (running: Int, waiting: Int) { state.withLock { ($0.running, $0.waiters.count) } }

    /// Runs `body` once there is a worker for it.
    /// - Parameter body: Is given the time that the request waited.
    /// - Throws: `overloaded`, `queue_timeout`; `CancellationError`; what `body` throws.
    func withWorker<Result: Sendable>(_ body: (Duration) async throws -> Result) async throws -> Result {
        let start = ContinuousClock.now
        try await enter()
        let begun = ContinuousClock.now
        defer { leave(after: ContinuousClock.now - begun) }
        return try await body(begun - start)
    }

    private func enter() async throws {
        let id: UInt64? = try state.withLock { state in
            if state.running < workers, state.waiters.isEmpty {
                state.running += 1
                return nil
            }
            guard state.waiters.count < length else { throw overloaded(state) }
            state.nextID += 1
            return state.nextID
        }
        guard let id else { return }
        let admission = try await withThrowingTaskGroup(of: Admission?.self) { group in
            group.addTask { await self.wait(id) }
            group.addTask { [timeout] in
                try? await Task.sleep(for: timeout)
                return nil
            }
            guard let first = try await group.next() else { return Admission.cancelled }
            if let first {
                group.cancelAll()
                return first
            }
            // Time is up, unless the worker came in the same moment.
            self.end(id, as: .timedOut)
            return try await group.next().flatMap { $0 } ?? .timedOut
        }
        switch admission {
        case .granted: return
        case .cancelled: throw CancellationError()
        case .timedOut: throw state.withLock { timedOut($0) }
        }
    }

    private func wait(_ id: UInt64) async -> Admission {
        let admission = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: Admission? = state.withLock { state in
                    if let ended = state.ended.removeValue(forKey: id) { return ended }
                    if state.running < workers {
                        state.running += 1
                        return .granted
                    }
                    state.waiters.append(Waiter(id: id, continuation: continuation))
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            end(id, as: .cancelled)
        }
        // The handler may have run after the grant: its mark would stay behind.
        state.withLock { _ = $0.ended.removeValue(forKey: id) }
        return admission
    }

    private func end(_ id: UInt64, as admission: Admission) {
        let waiter: Waiter? = state.withLock { state in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
                state.ended[id] = admission
                return nil
            }
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(returning: admission)
    }

    private func leave(after duration: Duration) {
        let next: Waiter? = state.withLock { state in
            state.meanSeconds += (duration / .seconds(1) - state.meanSeconds) / 8
            guard !state.waiters.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.continuation.resume(returning: .granted)
    }

    // MARK: Refusals

    /// The time until all that work and wait now are likely to be done.
    private func backlog(_ state: State) -> Duration {
        let turns = Double(state.running + state.waiters.count) / Double(workers)
        return .seconds(min(max((turns * state.meanSeconds).rounded(.up), 1), 120))
    }

    private func overloaded(_ state: State) -> ServiceError {
        let wait = backlog(state)
        var error = ServiceError(
            .serviceUnavailable, "overloaded",
            "\(state.running) images are processed and \(state.waiters.count) wait, which is all that this server takes; "
                + "try again in \(Int(wait / .seconds(1))) s",
            details: ["running": .integer(state.running), "waiting": .integer(state.waiters.count)])
        error.retryAfter = wait
        return error
    }

    private func timedOut(_ state: State) -> ServiceError {
        let wait = backlog(state)
        var error = ServiceError(
            .serviceUnavailable, "queue_timeout",
            "no worker became free within \(DurationText.exact(timeout)); try again in \(Int(wait / .seconds(1))) s",
            details: ["running": .integer(state.running), "waiting": .integer(state.waiters.count)])
        error.retryAfter = wait
        return error
    }
}
