// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import SnugPipeline

/// Ends that wait for one another: no time is measured, so waits that must not happen would last for an hour.
@Suite struct EndGatheringTests {
    private static let forEver = Duration.seconds(3600)

    /// Tasks that have come through.
    private final class Passed: Sendable {
        private let state = Mutex(0)
        var count: Int { state.withLock { $0 } }
        func note() { state.withLock { $0 += 1 } }
    }

    @Test("One that is alone does not wait")
    func alone() async {
        await EndGathering(size: 24, time: Self.forEver).wait(others: 0)
    }

    @Test("A full group goes, and does not wait for those that come later")
    func full() async {
        let ends = EndGathering(size: 5, time: Self.forEver)
        for _ in 0..<3 {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<5 { group.addTask { await ends.wait(others: 100) } }
            }
        }
    }

    @Test("All go when no other is left that could come", arguments: [2, 3, 7])
    func last(count: Int) async {
        let ends = EndGathering(size: 24, time: Self.forEver)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<count { group.addTask { await ends.wait(others: count - 1) } }
        }
    }

    @Test("An end waits until its group is full")
    func waits() async {
        let (ends, passed) = (EndGathering(size: 3, time: Self.forEver), Passed())
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    await ends.wait(others: 100)
                    passed.note()
                }
            }
            for _ in 0..<100 { await Task.yield() }
            #expect(passed.count == 0)
            await ends.wait(others: 100)
        }
        #expect(passed.count == 2)
    }

    @Test("Nobody waits for longer than the time, whatever others do")
    func timed() async {
        let ends = EndGathering(size: 1000, time: .milliseconds(5))
        for _ in 0..<3 {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { await ends.wait(others: 100) } }
            }
        }
    }

    @Test("The time of a group that has gone ends no later one")
    func stale() async throws {
        let (ends, passed) = (EndGathering(size: 2, time: .milliseconds(20)), Passed())
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 { group.addTask { await ends.wait(others: 100) } }
        }
        // Without a further group the timer of the first finds nobody; the later one has a timer of its own.
        await ends.wait(others: 100)
        passed.note()
        #expect(passed.count == 1)
    }

    @Test("A cancelled task waits all the same: what has happened is to be recorded")
    func cancelled() async {
        let ends = EndGathering(size: 2, time: Self.forEver)
        let first = Task { await ends.wait(others: 100) }
        first.cancel()
        await ends.wait(others: 100)
        await first.value
    }

    @Test("Random ends: each comes through once")
    func random() async {
        let (ends, passed) = (EndGathering(size: 4, time: .milliseconds(1)), Passed())
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<300 {
                group.addTask {
                    if number % 5 == 0 { await Task.yield() }
                    await ends.wait(others: number % 9)
                    passed.note()
                }
            }
        }
        #expect(passed.count == 300)
    }
}
