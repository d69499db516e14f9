// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Lets the ends of short fits go to the ledger together: it commits what comes at a time as one, and a commit costs about
/// the same for one end as for thirty.
///
/// Nobody waits for long, and nobody waits who is alone.
final class EndGathering: Sendable {
    private struct State {
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// Groups that have gone.
        var groups = 0
    }

    private let size: Int
    private let time: Duration
    private let state = Mutex(State())

    /// - Parameters:
    ///   - size: Ends that go without further waiting.
    ///   - time: The longest wait.
    init(size: Int = 24, time: Duration = .milliseconds(100)) {
        self.size = size
        self.time = time
    }

    /// Waits for others, also in a task that was cancelled: what has happened is to be recorded.
    /// - Parameter others: Fits that may come to their ends soon, besides this one and those that wait here.
    func wait(others: Int) async {
        await withCheckedContinuation { continuation in
            let (group, timed) = state.withLock { state -> ([CheckedContinuation<Void, Never>], Int?) in
                state.waiting.append(continuation)
                if state.waiting.count >= size || others <= state.waiting.count - 1 { return (Self.take(&state), nil) }
                return ([], state.waiting.count == 1 ? state.groups : nil)
            }
            for waiter in group { waiter.resume() }
            if let timed { release(timed) }
        }
    }

    /// Lets a group go when its time is over.
    private func release(_ group: Int) {
        // No parent: the time of a task that is cancelled is as short.
        Task { [self] in
            try? await Task.sleep(for: time)
            let waiting = state.withLock { state in state.groups == group ? Self.take(&state) : [] }
            for waiter in waiting { waiter.resume() }
        }
    }

    private static func take(_ state: inout State) -> [CheckedContinuation<Void, Never>] {
        state.groups += 1
        defer { state.waiting = [] }
        return state.waiting
    }
}
