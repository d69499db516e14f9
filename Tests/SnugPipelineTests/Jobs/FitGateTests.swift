// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugPipeline

/// Who is in the engine, and who waits.
@Suite struct FitGateTests {
    /// A fit that has queued, and whether it is in the engine.
    private final class Fit: Sendable {
        let ticket: FitGate.Ticket
        let entered = Mutex<Result<Void, any Error>?>(nil)
        private let task = Mutex<Task<Void, Never>?>(nil)

        init(_ gate: FitGate, alone: Bool = false) {
            ticket = gate.queue(alone: alone)
            let task = Task {
                let result: Result<Void, any Error>
                do { result = .success(try await gate.enter(ticket)) } catch { result = .failure(error) }
                entered.withLock { $0 = result }
            }
            self.task.withLock { $0 = task }
        }

        var isIn: Bool { entered.withLock { if case .success = $0 { true } else { false } } }
        var isCancelled: Bool { entered.withLock { if case .failure = $0 { true } else { false } } }
        func cancel() { task.withLock { $0?.cancel() } }
    }

    private func waitUntil(_ isTrue: () -> Bool) async { while !isTrue() { await Task.yield() } }

    @Test("As many are in the engine as it takes, in the order of queueing, and room is made by leaving it")
    func order() async {
        let gate = FitGate(limit: 2)
        let fits = (0..<6).map { _ in Fit(gate) }
        for done in 0..<4 {
            await waitUntil { fits.prefix(done + 2).allSatisfy(\.isIn) }
            let early = fits.dropFirst(done + 2).count { $0.isIn }
            #expect(early == 0)
            // Its result is written while the next one is in the engine.
            gate.leaveEngine(fits[done].ticket)
        }
        for fit in fits { gate.leave(fit.ticket) }
    }

    @Test("One that is suspected is alone from the engine to its recorded end, and keeps its place in the queue")
    func alone() async {
        let gate = FitGate(limit: 3)
        let (first, suspect, next, other) = (Fit(gate), Fit(gate, alone: true), Fit(gate), Fit(gate, alone: true))
        await waitUntil { first.isIn }
        gate.leaveEngine(first.ticket)
        // The result of the first one is still being written.
        let late = Fit(gate)
        #expect(!suspect.isIn && !next.isIn && !late.isIn)
        gate.leave(first.ticket)
        await waitUntil { suspect.isIn }
        gate.leaveEngine(suspect.ticket)
        #expect(!next.isIn && !late.isIn)
        gate.leave(suspect.ticket)
        await waitUntil { next.isIn }
        #expect(!other.isIn && !late.isIn)
        gate.leave(next.ticket)
        await waitUntil { other.isIn }
        #expect(!late.isIn)
        gate.leave(other.ticket)
        await waitUntil { late.isIn }
        gate.leave(late.ticket)
    }

    @Test("One that is cancelled while it waits gives its turn to those behind it")
    func cancelled() async {
        let gate = FitGate(limit: 1)
        let (first, suspect, next) = (Fit(gate), Fit(gate, alone: true), Fit(gate))
        await waitUntil { first.isIn }
        suspect.cancel()
        await waitUntil { suspect.isCancelled }
        gate.leave(suspect.ticket)
        #expect(!next.isIn)
        gate.leaveEngine(first.ticket)
        await waitUntil { next.isIn }
        gate.leave(first.ticket)
        gate.leave(next.ticket)
        // Leaving twice gives no room twice.
        gate.leave(next.ticket)
        let (last, waiting) = (Fit(gate), Fit(gate))
        await waitUntil { last.isIn }
        #expect(!waiting.isIn)
        gate.leave(waiting.ticket)
        await waitUntil { waiting.isCancelled }
        gate.leave(last.ticket)
    }

    /// Who is in the engine.
    private final class Inside: Sendable {
        let counts = Mutex((plain: 0, alone: 0, most: 0, turns: 0))
    }

    @Test("Random fits: never more in the engine than it takes, none beside one that is alone, and all have a turn")
    func random() async {
        let gate = FitGate(limit: 3)
        let inside = Inside()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                let isAlone = number % 7 == 0
                let ticket = gate.queue(alone: isAlone)
                group.addTask {
                    defer { gate.leave(ticket) }
                    if number % 11 == 0 { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
                    guard (try? await gate.enter(ticket)) != nil else { return }
                    inside.counts.withLock { inside in
                        if isAlone { inside.alone += 1 } else { inside.plain += 1 }
                        inside.turns += 1
                        inside.most = max(inside.most, inside.plain + inside.alone)
                        #expect(inside.alone == 0 || inside.plain + inside.alone == 1)
                    }
                    await Task.yield()
                    inside.counts.withLock { if isAlone { $0.alone -= 1 } else { $0.plain -= 1 } }
                    gate.leaveEngine(ticket)
                    await Task.yield()
                }
            }
        }
        // 19 of the 200 numbers are multiples of 11.
        #expect(inside.counts.withLock { $0.turns } == 181 && inside.counts.withLock { $0.most } <= 3)
    }

    @Test("Work is asked for before the engine has none, however much waits for the disk")
    func roominess() {
        #expect(WorkerLane.isRoomy(queued: 0, hand: 2) && WorkerLane.isRoomy(queued: 0, hand: 1))
        #expect(WorkerLane.isRoomy(queued: 4, hand: 16) && !WorkerLane.isRoomy(queued: 5, hand: 16))
        let gate = FitGate(limit: 1)
        #expect(gate.queuedCount == 0)
        let tickets = (0..<3).map { _ in gate.queue(alone: false) }
        #expect(gate.queuedCount == 2 && gate.count == 3)
        gate.leaveEngine(tickets[0])
        #expect(gate.queuedCount == 1 && gate.count == 3)
        for ticket in tickets { gate.leave(ticket) }
        #expect(gate.queuedCount == 0 && gate.count == 0)
    }

    @Test(
        "Short fits are claimed ahead, so that cores do not wait; long ones are not, so that urgent work does not",
        arguments: [
            (nil, 2), (.zero, 64), (.milliseconds(2), 64), (.milliseconds(10), 42), (.milliseconds(40), 12),
            (.milliseconds(100), 6), (.milliseconds(201), 2), (.seconds(30), 2),
        ] as [(Duration?, Int)])
    func hand(time: Duration?, expected: Int) {
        let workers = WatchConfiguration.Workers(fits: 2)
        #expect(WorkerLane.fit.hand(workers, fitTime: time) == expected)
        #expect(WorkerLane.upload.hand(workers, fitTime: time) == workers.uploads)
    }
}
