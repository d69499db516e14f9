// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Synchronization

/// Hands pages of rows from the thread of one database to that of another, a few ahead.
///
/// Both ends block, within transactions, on threads that may.
final class PageChannel: Sendable {
    /// Rows of a table; the empty page is its last.
    struct Page: Sendable {
        var table: Int
        var rows: [[SQLValue]]
    }

    /// The other end has failed, and says why itself.
    struct Closed: Error {}

    private struct State {
        var pages: [Page] = []
        var isClosed = false
        var hasSender = false
        var hasReceiver = false
    }

    private let state = Mutex(State())
    private let filled = DispatchSemaphore(value: 0)
    private let free = DispatchSemaphore(value: 0)

    init() {
        // Signalled, and not its first value: a semaphore may not end with less than it began with.
        for _ in 0..<4 { free.signal() }
    }

    /// Begins to send. A transaction that is carried out again cannot.
    func beginSending() throws { try begin(\.hasSender) }

    /// Begins to receive. A transaction that is carried out again cannot.
    func beginReceiving() throws { try begin(\.hasReceiver) }

    private func begin(_ end: any WritableKeyPath<State, Bool> & Sendable) throws {
        let wasThere = state.withLock { state in
            defer { state[keyPath: end] = true }
            return state[keyPath: end]
        }
        if wasThere { throw LedgerError(.busy, "the connection was lost during the copy; start it again") }
    }

    func send(_ page: Page) throws {
        free.wait()
        try state.withLock { state in
            if state.isClosed { throw Closed() }
            state.pages.append(page)
        }
        filled.signal()
    }

    func receive() throws -> Page {
        filled.wait()
        let page = try state.withLock { state in
            if state.isClosed { throw Closed() }
            return state.pages.removeFirst()
        }
        free.signal()
        return page
    }

    /// Ends both sides where they are.
    func close() {
        state.withLock { $0.isClosed = true }
        filled.signal()
        free.signal()
    }
}
