// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugHTTP
import SnugLedger
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite struct RateLimiterTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// A clock that stands still but for those who sleep.
    private final class Time: Sendable {
        private let seconds = Mutex(1_800_000_000.0)
        var now: Double { seconds.withLock { $0 } }
        func pass(_ wait: Duration) { seconds.withLock { $0 += wait.seconds } }
    }

    private func limiter(
        _ windows: [RateWindow] = [], concurrency: Int? = nil, isShared: Bool = false, account: String = "a",
        time: Time? = nil
    ) async throws -> RateLimiter {
        var environment = RateLimiter.Environment()
        if let time {
            environment.now = { time.now }
            environment.sleep = { time.pass($0) }
        }
        let store: any AccountLimitStore =
            isShared ? LedgerAccountLimits(try await openLedger(folder.path)) : InMemoryAccountLimits()
        return RateLimiter(
            account: account, windows: windows, concurrency: concurrency,
            store: store, logger: quietLogger,
            environment: environment)
    }

    @Test("A wait longer than there is time is refused at once, with the time to come back", arguments: [false, true])
    func failure(isShared: Bool) async throws {
        let time = Time()
        let limiter = try await limiter([.hour(1)], isShared: isShared, time: time)
        try await limiter.withPermit { _ in }
        let error = await #expect(throws: GenerationError.self) {
            try await limiter.withPermit(maximumWait: .seconds(60)) { _ in }
        }
        #expect(error?.code == .rateLimited && error?.retryAfter == .seconds(3600))
        #expect(error?.retryAt == 1_800_003_600 && time.now == 1_800_000_000)
        let waits = Mutex<[String]>([])
        try await limiter.withPermit(maximumWait: .seconds(3600)) { wait, window in
            waits.withLock { $0.append("\(window) \(Int(wait.seconds))") }
        } _: { _ in
        }
        #expect(waits.withLock { $0 } == ["hour 3600"] && time.now >= 1_800_003_600)
    }

    @Test("A wait that the provider asks for parks the account, and more than a day is not believed")
    func parking() async throws {
        let limiter = try await limiter(time: Time())
        try await limiter.park(for: .seconds(1_000_000))
        let error = await #expect(throws: GenerationError.self) {
            try await limiter.withPermit(maximumWait: .seconds(847)) { _ in }
        }
        #expect(error?.retryAfter == .seconds(86_400) && error?.message.contains("asked to wait") == true)
    }

    @Test("Headers feed it; what was never sent does not count")
    func learns() async throws {
        let limiter = try await limiter(time: Time())
        #expect(try await limiter.available() == nil)
        try await limiter.withPermit { permit in
            let headers: HTTPFields = ["X-RateLimit-Limit-Hour": "2", "X-RateLimit-Remaining-Hour": "1"]
            try await limiter.learn(headers, sent: permit.begun)
        }
        // The one that was answered is the one that is gone.
        #expect(try await limiter.available() == 1)
        let fresh = try await self.limiter([.hour(2)], time: Time())
        try await fresh.withPermit { $0.wasNotSent() }
        #expect(try await fresh.available() == 2)
        struct Failure: Error {}
        await #expect(throws: Failure.self) { try await fresh.withPermit { _ in throw Failure() } }
        #expect(try await fresh.available() == 1)
    }

    @Test("No more at once than allowed", arguments: [false, true])
    func concurrency(isShared: Bool) async throws {
        let limiter = try await limiter(concurrency: 2, isShared: isShared)
        let tally = Tally()
        func run(_ count: Int) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<count {
                    group.addTask {
                        try await limiter.withPermit { _ in
                            tally.enter(number)
                            for _ in 0..<20 { await Task.yield() }
                            tally.leave()
                        }
                    }
                }
                for try await _ in group {}
            }
        }
        try await run(12)
        #expect(tally.most <= 2 && tally.order.count == 12)
        try await limiter.withPermit { _ in
            try await limiter.withPermit { _ in
                let error = await #expect(throws: GenerationError.self) {
                    try await limiter.withPermit(maximumWait: .milliseconds(20)) { _ in }
                }
                #expect(error?.message.contains("concurrency") == true)
            }
        }
        try await limiter.limitConcurrency(to: 1)
        tally.reset()
        try await run(3)
        #expect(tally.most == 1)
    }

    @Test("The first to ask goes first")
    func order() async throws {
        let mutex = AsyncMutex()
        #expect(mutex.tryLock() && !mutex.tryLock())
        let tally = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask {
                    try await mutex.lock()
                    tally.enter(number)
                    tally.leave()
                    mutex.unlock()
                }
                while mutex.count < number + 2 { await Task.yield() }
            }
            mutex.unlock()
            for try await _ in group {}
        }
        #expect(tally.order == Array(0..<50) && tally.most == 1 && mutex.count == 0)
    }

    @Test("Giving up in the queue leaves it to the others")
    func cancellation() async throws {
        let limiter = try await limiter(concurrency: 1)
        let gate = Gate()
        let holder = Task { try await limiter.withPermit { _ in await gate.wait() } }
        await gate.entered()
        let waiting = (0..<5).map { _ in Task { try await limiter.withPermit { _ in } } }
        let last = Task { try await limiter.withPermit { _ in 1 } }
        for task in waiting { task.cancel() }
        for task in waiting { await #expect(throws: CancellationError.self) { try await task.value } }
        gate.open()
        try await holder.value
        #expect(try await last.value == 1)
    }

    @Test("Time runs out in the queue too")
    func maximumWait() async throws {
        let limiter = try await limiter(concurrency: 1)
        let gate = Gate()
        let holder = Task { try await limiter.withPermit { _ in await gate.wait() } }
        await gate.entered()
        await withTaskGroup { group in
            for _ in 0..<3 {
                group.addTask {
                    let error = await #expect(throws: GenerationError.self) {
                        try await limiter.withPermit(maximumWait: .milliseconds(50)) { _ in }
                    }
                    #expect(error?.code == .rateLimited)
                }
            }
        }
        gate.open()
        try await holder.value
        try await limiter.withPermit(maximumWait: .seconds(100)) { _ in }
    }

    @Test("Two limiters on one ledger are one; accounts are apart; a damaged count starts over")
    func shared() async throws {
        let time = Time()
        try await limiter([.hour(3)], isShared: true, time: time).withPermit { _ in }
        try await limiter([.hour(3)], isShared: true, time: time).withPermit { _ in }
        #expect(try await limiter([.hour(3)], isShared: true, time: time).available() == 1)
        #expect(try await limiter([.hour(3)], isShared: true, account: "b", time: time).available() == 3)
        try await openLedger(folder.path).save("{\"uses\":[", as: .accountLimits, "a")
        #expect(try await limiter([.hour(3)], isShared: true, time: time).available() == 3)
    }

    @Test("A ledger that cannot be written is an error before anything is sent")
    func closed() async throws {
        let ledger = try await openLedger(folder.path)
        let limiter = RateLimiter(
            account: "a", windows: [.hour(3)], store: LedgerAccountLimits(ledger), logger: quietLogger)
        try await ledger.close()
        let error = await #expect(throws: GenerationError.self) { try await limiter.withPermit { _ in } }
        #expect(error?.code == .outputFailed)
    }

    @Test("A process that dies gives its slot back, and its request still counts")
    func death() async throws {
        let path = folder.path.string
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let limiter = RateLimiter(
                account: "a", windows: [.hour(2)], concurrency: 1,
                store: LedgerAccountLimits(try await openLedger(FilePath(path))), logger: quietLogger)
            try await limiter.withPermit { _ in _ = kill(getpid(), SIGKILL) }
        }
        let limiter = try await limiter([.hour(2)], concurrency: 1, isShared: true)
        #expect(try await limiter.available() == 1)
        try await limiter.withPermit(maximumWait: .seconds(100)) { _ in }
        #expect(try await limiter.available() == 0)
    }
}

/// Counts those who are at it.
private final class Tally: Sendable {
    private let state = Mutex((now: 0, most: 0, order: [Int]()))
    func enter(_ number: Int) {
        state.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
            $0.order.append(number)
        }
    }
    func leave() { state.withLock { $0.now -= 1 } }
    func reset() { state.withLock { $0 = (0, 0, []) } }
    var most: Int { state.withLock { $0.most } }
    var order: [Int] { state.withLock { $0.order } }
}

/// Holds whoever waits until it is opened.
private final class Gate: Sendable {
    private let (inside, insideEnd) = AsyncStream.makeStream(of: Void.self)
    private let (opened, openedEnd) = AsyncStream.makeStream(of: Void.self)

    func wait() async {
        insideEnd.finish()
        for await _ in opened {}
    }
    /// Returns once somebody waits.
    func entered() async { for await _ in inside {} }
    func open() { openedEnd.finish() }
}
