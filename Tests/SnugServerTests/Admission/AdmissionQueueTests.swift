// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugSystem
import Synchronization
import Testing

@testable import SnugServer

@Suite struct AdmissionQueueTests {
    /// Work that runs until it is let go.
    private final class Gate: Sendable {
        private let order = Mutex<[Int]>([])
        private let begun = AsyncEvent()
        private let end = AsyncEvent()

        var started: [Int] { order.withLock { $0 } }

        func work(_ id: Int) async {
            order.withLock { $0.append(id) }
            begun.signal()
            await end.wait()
        }

        func waitForStart(of count: Int) async {
            while started.count < count { await begun.wait() }
        }

        func open() { end.signal() }
    }

    /// Counts requests by their outcomes, and how many worked at once.
    private final class Tally: Sendable {
        private struct Values {
            var outcomes: [String: Int] = [:]
            var working = 0
            var most = 0
        }
        private let values = Mutex(Values())

        var outcomes: [String: Int] { values.withLock { $0.outcomes } }
        var most: Int { values.withLock { $0.most } }

        func work(_ body: () async -> Void) async {
            values.withLock { values in
                values.working += 1
                values.most = max(values.most, values.working)
            }
            await body()
            values.withLock { $0.working -= 1 }
        }

        func count(_ request: () async throws -> Void) async {
            var outcome = "done"
            do { try await request() } catch let error as ServiceError { outcome = error.code } catch {
                outcome = "cancelled"
            }
            values.withLock { $0.outcomes[outcome, default: 0] += 1 }
        }
    }

    private static func waiting(_ queue: AdmissionQueue, _ count: Int) async {
        while queue.use.waiting != count { await Task.yield() }
    }

    @Test("Requests start in the order in which they came, one a worker")
    func order() async throws {
        let queue = AdmissionQueue(workers: 1, length: 8, timeout: .seconds(60))
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await queue.withWorker { _ in await gate.work(0) } }
            await gate.waitForStart(of: 1)
            for id in 1...4 {
                group.addTask { try await queue.withWorker { _ in await gate.work(id) } }
                await Self.waiting(queue, id)
            }
            #expect(queue.use == (running: 1, waiting: 4))
            for id in 1...4 {
                gate.open()
                await gate.waitForStart(of: id + 1)
            }
            gate.open()
            try await group.waitForAll()
        }
        #expect(gate.started == [0, 1, 2, 3, 4])
        #expect(queue.use == (running: 0, waiting: 0))
    }

    @Test("Beyond the queue a request is refused at once, and told when to come back")
    func overload() async throws {
        let queue = AdmissionQueue(workers: 1, length: 1, timeout: .seconds(60))
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await queue.withWorker { _ in await gate.work(0) } }
            await gate.waitForStart(of: 1)
            group.addTask { try await queue.withWorker { _ in await gate.work(1) } }
            await Self.waiting(queue, 1)
            let error = await #expect(throws: ServiceError.self) { try await queue.withWorker { _ in } }
            #expect(error?.status.code == 503)
            #expect(error?.code == "overloaded")
            // Two requests on one worker at the second that is assumed before anything was measured.
            #expect(error?.retryAfter == .seconds(2))
            gate.open()
            await gate.waitForStart(of: 2)
            gate.open()
            try await group.waitForAll()
        }
    }

    @Test("A wait that takes too long ends, and its place is free again")
    func timeout() async throws {
        let queue = AdmissionQueue(workers: 1, length: 1, timeout: .milliseconds(5))
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await queue.withWorker { _ in await gate.work(0) } }
            await gate.waitForStart(of: 1)
            for _ in 0..<3 {
                let error = await #expect(throws: ServiceError.self) { try await queue.withWorker { _ in } }
                #expect(error?.code == "queue_timeout")
                #expect(error?.status.code == 503)
            }
            #expect(queue.use == (running: 1, waiting: 0))
            gate.open()
            try await group.waitForAll()
        }
        #expect(queue.use == (running: 0, waiting: 0))
    }

    @Test("A request that is cancelled while it waits leaves the queue, and none that works is lost")
    func cancellation() async throws {
        let queue = AdmissionQueue(workers: 2, length: 64, timeout: .seconds(60))
        for round in 0..<50 {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try? await queue.withWorker { _ in await Task.yield() } } }
                for _ in 0..<(round % 5) { await Task.yield() }
                group.cancelAll()
            }
            #expect(queue.use == (running: 0, waiting: 0))
        }
        #expect(try await queue.withWorker { _ in 7 } == 7)
    }

    @Test(
        "Grants, ends of time and cancellations that coincide lose no worker and no place, and none too many come in",
        arguments: [(1, 0), (1, 3), (2, 5), (3, 64)])
    func coincidences(workers: Int, length: Int) async throws {
        // A time so short that waits end in every way, and work ends in every moment of them.
        let queue = AdmissionQueue(workers: workers, length: length, timeout: .microseconds(300))
        let tally = Tally()
        for round in 0..<60 {
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<24 {
                    group.addTask {
                        await tally.count {
                            try await queue.withWorker { _ in
                                await tally.work {
                                    for _ in 0..<((round + index) % 7) { await Task.yield() }
                                    if index % 5 == 0 { try? await Task.sleep(for: .microseconds(250)) }
                                }
                            }
                        }
                    }
                    #expect(queue.use.waiting <= length)
                    if index == 20, round % 2 == 0 { group.cancelAll() }
                }
            }
            #expect(queue.use == (running: 0, waiting: 0))
        }
        #expect(tally.most <= workers)
        #expect(tally.outcomes.values.reduce(0, +) == 60 * 24)
        #expect(Set(tally.outcomes.keys).isSubset(of: ["done", "overloaded", "queue_timeout", "cancelled"]))
    }

    @Test("Work that fails frees its worker")
    func failure() async throws {
        struct Fault: Error {}
        let queue = AdmissionQueue(workers: 1, length: 0, timeout: .seconds(60))
        await #expect(throws: Fault.self) { try await queue.withWorker { _ in throw Fault() } }
        #expect(try await queue.withWorker { _ in 1 } == 1)
    }

    @Test("The memory for bodies is bounded, and given back with the body")
    func receiving() throws {
        let budget = BodyBudget(total: 100)
        do {
            let first = BodyShare(budget)
            try first.grow(to: 60)
            try first.grow(to: 50)
            #expect(budget.usedBytes == 60)
            let second = BodyShare(budget)
            let error = #expect(throws: ServiceError.self) { try second.grow(to: 41) }
            #expect(error?.code == "overloaded")
            #expect(error?.retryAfter != nil)
            try second.grow(to: 40)
            #expect(budget.usedBytes == 100)
            withExtendedLifetime((first, second)) {}
        }
        #expect(budget.usedBytes == 0)
    }
}
