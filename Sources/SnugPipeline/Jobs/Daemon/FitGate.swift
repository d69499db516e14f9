// SPDX-License-Identifier: Apache-2.0
import DequeModule
import Synchronization

/// Admits claimed fits to the engine, in the order in which they queued: so many at once, while results of earlier ones are
/// written.
///
/// One that has ended a process before is alone from the engine to its recorded end: no other is blamed for what it does,
/// nor is it for what others do.
final class FitGate: Sendable {
    /// The right of one fit to its turn.
    struct Ticket: Sendable {
        fileprivate let id: UInt64
        fileprivate let isAlone: Bool
    }

    private enum Place {
        case waiting((CheckedContinuation<Void, any Error>)?)
        case engine
        /// Between the engine and the recorded end.
        case beyond
    }

    private struct State {
        var places: [UInt64: Place] = [:]
        var queue: Deque<Ticket> = []
        var workingCount = 0
        var isTakenAlone = false
        var nextID: UInt64 = 0

        /// Gives places to those whose turn it is.
        mutating func admit(limit: Int) -> [CheckedContinuation<Void, any Error>] {
            var admitted: [CheckedContinuation<Void, any Error>] = []
            while let next = queue.first, !isTakenAlone {
                // All that have a place and do not wait for one.
                let isEmpty = places.count == queue.count
                guard next.isAlone ? isEmpty : workingCount < limit else { break }
                queue.removeFirst()
                if case .waiting(let continuation?) = places[next.id] { admitted.append(continuation) }
                places[next.id] = .engine
                workingCount += 1
                isTakenAlone = next.isAlone
            }
            return admitted
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: Fits in the engine at once.
    init(limit: Int) { self.limit = max(1, limit) }

    /// Fits that wait for the engine.
    var queuedCount: Int { state.withLock { $0.queue.count } }

    /// Fits that have a ticket, wherever they have come.
    var count: Int { state.withLock { $0.places.count } }

    /// Queues a fit. ``leave(_:)`` ends what begins here, wherever it has come.
    func queue(alone: Bool) -> Ticket {
        let (ticket, admitted) = state.withLock { state in
            state.nextID += 1
            let ticket = Ticket(id: state.nextID, isAlone: alone)
            state.places[ticket.id] = .waiting(nil)
            state.queue.append(ticket)
            return (ticket, state.admit(limit: limit))
        }
        for continuation in admitted { continuation.resume() }
        return ticket
    }

    /// Waits for the ticket's turn.
    /// - Throws: `CancellationError`.
    func enter(_ ticket: Ticket) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isOver = state.withLock { state in
                    guard case .waiting = state.places[ticket.id], !Task.isCancelled else { return true }
                    state.places[ticket.id] = .waiting(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
            try Task.checkCancellation()
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<Void, any Error>? in
                guard case .waiting(let continuation) = state.places[ticket.id] else { return nil }
                state.places[ticket.id] = .waiting(nil)
                return continuation
            }
            waiting?.resume(throwing: CancellationError())
        }
    }

    /// Makes room for the next one in the engine.
    func leaveEngine(_ ticket: Ticket) {
        let admitted = state.withLock { state -> [CheckedContinuation<Void, any Error>] in
            guard case .engine = state.places[ticket.id] else { return [] }
            state.places[ticket.id] = .beyond
            state.workingCount -= 1
            return state.admit(limit: limit)
        }
        for continuation in admitted { continuation.resume() }
    }

    /// Gives the ticket back. Whoever still waits with it is cancelled.
    func leave(_ ticket: Ticket) {
        let (waiting, admitted) = state.withLock { state in
            var waiting: CheckedContinuation<Void, any Error>?
            switch state.places.removeValue(forKey: ticket.id) {
            case nil: return (waiting, [CheckedContinuation<Void, any Error>]())
            case .waiting(let continuation):
                waiting = continuation
                state.queue.removeAll { $0.id == ticket.id }
            case .engine:
                state.workingCount -= 1
                if ticket.isAlone { state.isTakenAlone = false }
            case .beyond: if ticket.isAlone { state.isTakenAlone = false }
            }
            return (waiting, state.admit(limit: limit))
        }
        waiting?.resume(throwing: CancellationError())
        for continuation in admitted { continuation.resume() }
    }
}
