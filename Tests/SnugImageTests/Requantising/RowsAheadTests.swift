// SPDX-License-Identifier: Apache-2.0
import Dispatch
import SnugSystem
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugImage

/// Rows that are read on one thread and used on another.
@Suite struct RowsAheadTests {
    private struct Broken: Error {}
    private static let layout = BlockLayout(width: 2048, height: 1536, sampling: [(1, 1)])

    /// What came of a run.
    private struct Outcome: Sendable {
        var wasRead = false
        var isBroken = false
        /// Numbers of the rows that were used, and the values that stood in them.
        var numbers: [Int] = []
        var values: [Int16] = []
        var rowsRead = 0
    }

    /// Reads rows that hold their numbers.
    /// - Parameters:
    ///   - end: The row that cannot be read.
    ///   - stop: The row that cannot be used.
    private func run(
        threads: Int = 2, layout: BlockLayout = layout, end: Int? = nil, stop: Int? = nil
    ) async throws -> Outcome {
        let read = Mutex(0)
        var outcome = try await BlockingThreads(count: threads).run {
            var outcome = Outcome()
            do {
                outcome.wasRead = try RowsAhead.readRows(
                    layout,
                    by: { empty, deliver in
                        for row in 0..<layout.mcusDown {
                            if row == end { throw Broken() }
                            let rows = try empty()
                            unsafe rows.withBlocks(component: 0, row: 0) { unsafe $0[0] = Int16(row) }
                            read.withLock { $0 += 1 }
                            try deliver(rows, row, Double(row))
                        }
                    },
                    use: { rows, row, position in
                        if row == stop { throw Broken() }
                        outcome.numbers.append(Int(position))
                        unsafe rows.withBlocks(component: 0, row: 0) { unsafe outcome.values.append($0[0]) }
                    })
            } catch is Broken {
                outcome.isBroken = true
            }
            return outcome
        }
        outcome.rowsRead = read.withLock { $0 }
        return outcome
    }

    @Test("Every row is used once, in order, with what was read into it")
    func order() async throws {
        let outcome = try await run()
        #expect(outcome.wasRead && !outcome.isBroken)
        #expect(outcome.numbers == Array(0..<Self.layout.mcusDown))
        #expect(outcome.values == (0..<Int16(Self.layout.mcusDown)).map { $0 })
    }

    @Test("An error of reading comes after the rows before it", arguments: [0, 1, 100])
    func readingFails(row: Int) async throws {
        let outcome = try await run(end: row)
        #expect(outcome.isBroken && outcome.numbers == Array(0..<row))
    }

    @Test("Where a row cannot be used, reading has ended when the error is thrown", arguments: [0, 3, 191])
    func usingFails(row: Int) async throws {
        let outcome = try await run(stop: row)
        #expect(outcome.isBroken && outcome.numbers == Array(0..<row))
        #expect(outcome.rowsRead <= row + 1 + RowsAhead.depth)
    }

    @Test("Nothing is read where no second thread is free, and for small images")
    func declines() async throws {
        let alone = try await run(threads: 1)
        #expect(!alone.wasRead && alone.rowsRead == 0)
        let small = try await run(layout: BlockLayout(width: 640, height: 480, sampling: [(1, 1)]))
        #expect(!small.wasRead && small.rowsRead == 0)
        let outside = try RowsAhead.readRows(
            Self.layout, by: { _, _ in Issue.record("was read") }, use: { _, _, _ in Issue.record("was used") })
        #expect(!outside)
    }

    @Test("Two threads give the bytes that one gives")
    func sameBytes() async throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 2100, height: 1500, grain: 20), quality: 90)
        var limits = Limits()
        limits.byteLimit = bytes.count * 2 / 3
        var results: [[UInt8]] = []
        for threads in [1, 2] {
            let fitter = ImageFitter(configuration: .init(memory: 256 << 20, threads: threads, decoderWorker: nil))
            let image = try await fitter.fit(ImageSource(bytes: bytes), limits: limits)
            guard case .bytes(let content) = image.content else {
                Issue.record("not encoded")
                return
            }
            #expect(image.width == 2100)
            results.append(content)
            // Damage is found by the thread that reads and told by the one that writes.
            let damaged = Array(bytes[..<(bytes.count * 4 / 5)])
            let error = await #expect(throws: ImageError.self) {
                try await fitter.fit(ImageSource(bytes: damaged), limits: limits)
            }
            #expect(error?.code == .truncatedInput)
        }
        #expect(results[0] == results[1])
    }
}
