// SPDX-License-Identifier: Apache-2.0
import DequeModule
import Dispatch
import SnugSystem
import Synchronization

/// Rows of MCUs that one thread decodes while another one uses those before them.
///
/// The rows, their order and the error at their end are those of reading on one thread.
final class RowsAhead: Sendable {
    /// Takes rows to fill and gives them back full, from top to bottom.
    typealias Read =
        @Sendable (_ empty: () throws -> BlockRows, _ deliver: (BlockRows, Int, Double) throws -> Void) throws -> Void

    private struct Row: Sendable {
        var rows: BlockRows
        var number: Int
        var position: Double
    }
    private enum Phase { case waiting, withdrawn, reading, over }
    private struct State {
        var phase = Phase.waiting
        /// Made by the thread that reads: where none is free, there is nothing to make them for.
        var empty: [BlockRows] = []
        var full: Deque<Row> = []
        var error: (any Error)?
        /// The user of the rows has failed.
        var isUnwanted = false
    }

    /// Rows that are held at once.
    static let depth = 4
    /// Blocks from which on a second thread is worth its start.
    private static let leastBlocks = 40_000
    /// How long the other thread may take to start; then the rows are read without it.
    private static let patience = DispatchTimeInterval.milliseconds(20)

    private let layout: BlockLayout
    private let state = Mutex(State())
    private let emptied = DispatchSemaphore(value: 0)
    private let filled = DispatchSemaphore(value: 0)

    private init(_ layout: BlockLayout) { self.layout = layout }

    /// Reads on a thread that is free and uses the rows on this one.
    /// - Returns: False where no thread is free; nothing was read then.
    /// - Throws: The errors of both, `read`'s after the last row that it delivered.
    static func readRows(
        _ layout: BlockLayout, by read: @escaping Read, use: (BlockRows, Int, Double) throws -> Void
    ) throws -> Bool {
        guard layout.blockCount >= leastBlocks else { return false }
        let ahead = RowsAhead(layout)
        guard BlockingThreads.startBeside({ ahead.run(read) }), ahead.hasStarted() else { return false }
        try ahead.useRows(use)
        return true
    }

    /// True once something was read; a thread that comes too late will find that it is not needed.
    private func hasStarted() -> Bool {
        if filled.wait(timeout: .now() + Self.patience) == .timedOut {
            let isReading = state.withLock { state in
                if state.phase == .waiting { state.phase = .withdrawn }
                return state.phase != .withdrawn
            }
            guard isReading else { return false }
            filled.wait()
        }
        filled.signal()
        return true
    }
}

extension RowsAhead {
    /// The reading thread's part.
    private func run(_ read: Read) {
        let isWanted = state.withLock { state in
            guard state.phase == .waiting else { return false }
            state.phase = .reading
            return true
        }
        guard isWanted else { return }
        for _ in 0..<Self.depth { giveBack(BlockRows(layout, capacity: layout.mcusAcross)) }
        var failure: (any Error)?
        do {
            try read(takeEmpty) { rows, number, position in
                state.withLock { $0.full.append(Row(rows: rows, number: number, position: position)) }
                filled.signal()
            }
        } catch {
            failure = error
        }
        state.withLock { state in
            state.error = failure
            state.phase = .over
        }
        filled.signal()
    }

    private func giveBack(_ rows: BlockRows) {
        state.withLock { $0.empty.append(rows) }
        emptied.signal()
    }

    private func takeEmpty() throws -> BlockRows {
        emptied.wait()
        let rows = state.withLock { $0.isUnwanted ? nil : $0.empty.popLast() }
        guard let rows else { throw CancellationError() }
        return rows
    }

    private func useRows(_ use: (BlockRows, Int, Double) throws -> Void) throws {
        while true {
            filled.wait()
            guard let row = state.withLock({ $0.full.popFirst() }) else { break }
            do {
                try use(row.rows, row.number, row.position)
            } catch {
                stopReading()
                throw error
            }
            giveBack(row.rows)
        }
        if let error = state.withLock({ $0.error }) { throw error }
    }

    /// Waits for the end of the other thread's work: what it reads is the caller's.
    private func stopReading() {
        state.withLock { $0.isUnwanted = true }
        emptied.signal()
        repeat { filled.wait() } while state.withLock({ $0.phase != .over })
    }
}
