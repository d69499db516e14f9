// SPDX-License-Identifier: Apache-2.0
internal import DequeModule
internal import HTTPTypes
internal import Synchronization

/// Carries a response from the network thread to the task that reads it, with a bound on the bytes in between.
final class ResponsePipe: Sendable {
    /// Maximum of waiting bytes, beyond which the connection is paused.
    static let capacity = 256 * 1024

    private enum Ending {
        case complete
        case failed(any Error)
    }

    private struct State {
        var head: HTTPResponse?
        var pieces: Deque<[UInt8]> = []
        var buffered = 0
        var ending: Ending?
        var paused = false
        var headWaiter: CheckedContinuation<HTTPResponse, any Error>?
        var pieceWaiter: CheckedContinuation<[UInt8]?, any Error>?
    }
    private let state = Mutex(State())
    private let wake: @Sendable () -> Void

    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    // MARK: The network thread's side

    func deliver(_ head: HTTPResponse) {
        let waiter = state.withLock { state in
            state.head = head
            defer { state.headWaiter = nil }
            return state.headWaiter
        }
        waiter?.resume(returning: head)
    }

    /// Takes the bytes, or returns false when the reader is behind: then the transfer pauses until it is woken.
    func offer(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let piece = unsafe [UInt8](bytes)
        let (taken, waiter) = state.withLock { state -> (Bool, CheckedContinuation<[UInt8]?, any Error>?) in
            if let waiter = state.pieceWaiter {
                state.pieceWaiter = nil
                return (true, waiter)
            }
            guard state.buffered < Self.capacity else {
                state.paused = true
                return (false, nil)
            }
            state.pieces.append(piece)
            state.buffered += piece.count
            return (true, nil)
        }
        waiter?.resume(returning: piece)
        return taken
    }

    func end(_ error: (any Error)?) {
        let (headWaiter, pieceWaiter) = state.withLock { state in
            state.ending = error.map { .failed($0) } ?? .complete
            defer {
                state.headWaiter = nil
                state.pieceWaiter = nil
            }
            return (state.headWaiter, state.pieceWaiter)
        }
        if let error {
            headWaiter?.resume(throwing: error)
            pieceWaiter?.resume(throwing: error)
        } else {
            headWaiter?.resume(throwing: HTTPError(.malformedResponse, "the response has no head"))
            pieceWaiter?.resume(returning: nil)
        }
    }

    // MARK: The reader's side

    // Cancelling the reading task cancels the transfer, which ends the pipe: neither wait needs a handler of its own.

    func head() async throws -> HTTPResponse {
        try await withCheckedThrowingContinuation { continuation in
            let ready = state.withLock { state -> Result<HTTPResponse, any Error>? in
                if let head = state.head { return .success(head) }
                if case .failed(let error) = state.ending { return .failure(error) }
                if state.ending != nil { return .failure(HTTPError(.malformedResponse, "the response has no head")) }
                state.headWaiter = continuation
                return nil
            }
            if let ready { continuation.resume(with: ready) }
        }
    }

    func next() async throws -> [UInt8]? {
        try await withCheckedThrowingContinuation { continuation in
            var unpause = false
            let ready = state.withLock { state -> Result<[UInt8]?, any Error>? in
                if !state.pieces.isEmpty {
                    let piece = state.pieces.removeFirst()
                    state.buffered -= piece.count
                    if state.paused, state.buffered <= Self.capacity / 2 {
                        state.paused = false
                        unpause = true
                    }
                    return .success(piece)
                }
                switch state.ending {
                case .complete: return .success(nil)
                case .failed(let error): return .failure(error)
                case nil:
                    precondition(state.pieceWaiter == nil, "a response has one reader")
                    state.pieceWaiter = continuation
                    unpause = state.paused
                    state.paused = false
                    return nil
                }
            }
            if let ready { continuation.resume(with: ready) }
            if unpause { wake() }
        }
    }
}
