// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The requests that arrived, and the tasks that wait for one.
final class RequestLog: Sendable {
    private struct Waiter {
        var isSatisfied: @Sendable ([RecordedRequest]) -> Bool
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var requests: [RecordedRequest] = []
        var cleared = 0
        var connections = 0
        var nextWaiter = 0
        var waiters: [Int: Waiter] = [:]
    }

    private let state = Mutex(State())

    var requests: [RecordedRequest] { state.withLock { $0.requests } }

    /// Connections accepted so far, those without a request included.
    var connections: Int { state.withLock { $0.connections } }

    func openConnection() -> Int {
        state.withLock { state in
            state.connections += 1
            return state.connections
        }
    }

    /// Adds a request and gives it its number.
    func add(_ request: RecordedRequest) -> Int {
        let number = state.withLock { state in
            var numbered = request
            numbered.number = state.cleared + state.requests.count + 1
            state.requests.append(numbered)
            return numbered.number
        }
        wake()
        return number
    }

    func update(_ number: Int, _ change: (inout RecordedRequest) -> Void) {
        state.withLock { state in
            let index = number - state.cleared - 1
            guard state.requests.indices.contains(index) else { return }
            change(&state.requests[index])
        }
        wake()
    }

    func clear() {
        state.withLock { state in
            state.cleared += state.requests.count
            state.requests = []
        }
    }

    /// Returns once the requests satisfy `condition`; throws when the task is cancelled first.
    func wait(until condition: @escaping @Sendable ([RecordedRequest]) -> Bool) async throws {
        let ticket = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isDone = state.withLock { state in
                    if condition(state.requests) { return true }
                    state.waiters[ticket] = Waiter(isSatisfied: condition, continuation: continuation)
                    return false
                }
                if isDone { continuation.resume() } else if Task.isCancelled { cancel(ticket) }
            }
        } onCancel: {
            cancel(ticket)
        }
    }

    private func cancel(_ ticket: Int) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: ticket) }
        waiter?.continuation.resume(throwing: CancellationError())
    }

    private func wake() {
        let ready = state.withLock { state in
            let tickets = state.waiters.filter { $0.value.isSatisfied(state.requests) }.keys
            return tickets.compactMap { state.waiters.removeValue(forKey: $0) }
        }
        for waiter in ready { waiter.continuation.resume() }
    }
}
