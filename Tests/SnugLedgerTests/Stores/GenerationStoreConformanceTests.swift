// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration
@testable import SnugLedger

/// The promises of every store of job claims.
@Suite struct JobClaimConformanceTests {
    @Test("A job belongs to one submission of its account", arguments: StoreKind.allCases)
    func claims(kind: StoreKind) async throws {
        let stores = try await StorePair.jobClaims(kind)
        #expect(try await stores.one.claim("7", account: "x", for: "a", now: 100))
        #expect(try await stores.one.claim("7", account: "x", for: "a", now: 101))
        #expect(try await !stores.two.claim("7", account: "x", for: "b", now: 102))
        #expect(try await stores.two.claim("8", account: "x", for: "b", now: 103))
        #expect(try await stores.two.claim("7", account: "y", for: "b", now: 103))
        #expect(try await stores.one.jobs(of: "x", exceptFor: "a") == ["8"])
        #expect(try await stores.two.jobs(of: "x", exceptFor: "b").contains("7"))
        #expect(try await stores.two.jobs(of: "x", exceptFor: "c") == ["7", "8"])
        #expect(try await stores.two.jobs(of: "z", exceptFor: "c") == [])
    }

    @Test("Claims that no listing shows any more are pruned, and recent ones stay")
    func pruning() async throws {
        let folder = try TemporaryFolder()
        let ledger = try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
        let now = ledger.environment.now().milliseconds / 1000
        let claims = LedgerJobClaims(ledger)
        _ = try await claims.claim("old", account: "x", for: "a", now: now - 4 * 86_400)
        _ = try await claims.claim("recent", account: "x", for: "a", now: now - 2 * 86_400)
        try await ledger.prune(PruningPolicy())
        #expect(try await LedgerJobClaims(ledger).jobs(of: "x", exceptFor: "b") == ["recent"])
    }

    @Test("A claim that cannot be kept holds for this process, and is an error")
    func closed() async throws {
        let folder = try TemporaryFolder()
        let ledger = try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
        let claims = LedgerJobClaims(ledger)
        try await ledger.close()
        let error = await #expect(throws: GenerationError.self) {
            _ = try await claims.claim("7", account: "x", for: "a", now: 1)
        }
        #expect(error?.code == .outputFailed)
        #expect(try await !claims.claim("7", account: "x", for: "b", now: 1))
    }
}

/// The promises of every store of account limits.
@Suite struct AccountLimitConformanceTests {
    @Test("Changes add up among processes, and accounts are apart", arguments: StoreKind.allCases)
    func updates(kind: StoreKind) async throws {
        let stores = try await StorePair.accountLimits(kind)
        #expect(stores.one.isShared == (kind != .memory))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                let store = number % 2 == 0 ? stores.one : stores.two
                group.addTask { try await store.update("a") { $0.begin(UInt64(number), now: 1000) } }
            }
            for try await _ in group {}
        }
        let window = RateWindow(name: "w", limit: 100, length: 60)
        #expect(try await stores.two.update("a") { $0.available([window], now: 1001) } == 80)
        #expect(try await stores.one.update("b") { $0.available([window], now: 1001) } == 100)
    }

    @Test("A change that throws changes nothing in a ledger")
    func throwing() async throws {
        struct Failure: Error {}
        let stores = try await StorePair.accountLimits(.ledger)
        await #expect(throws: Failure.self) {
            try await stores.one.update("a") { state in
                state.park(until: 5000)
                throw Failure()
            }
        }
        #expect(try await stores.two.update("a") { $0 } == RateLimitState())
    }

    @Test("There are as many slots as asked for, for all processes together", arguments: StoreKind.allCases)
    func slots(kind: StoreKind) async throws {
        let stores = try await StorePair.accountLimits(kind)
        let first = try #require(try await stores.one.takeSlot("a", of: 2))
        let second = try #require(try await stores.two.takeSlot("a", of: 2))
        #expect(try await stores.one.takeSlot("a", of: 2) == nil)
        #expect(try await stores.two.takeSlot("a", of: 0) == nil)
        let other = try #require(try await stores.two.takeSlot("b", of: 1))
        await first.release()
        let third = try #require(try await stores.two.takeSlot("a", of: 2))
        #expect(try await stores.one.takeSlot("a", of: 2) == nil)
        for slot in [second, third, other] { await slot.release() }
        #expect(try await stores.one.takeSlot("b", of: 1) != nil)
    }

    @Test("The slots of a process that is gone are free")
    func goneSlots() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path.appending("ledger.sqlite")
        let limits = LedgerAccountLimits(try await SQLiteLedger.open(path))
        do {
            let ledger = try await SQLiteLedger.open(path)
            for _ in 0..<3 { #expect(try await LedgerAccountLimits(ledger).takeSlot("a", of: 3) != nil) }
            #expect(try await limits.takeSlot("a", of: 3) == nil)
        }
        #expect(try await eventually { try await limits.takeSlot("a", of: 3) != nil })
    }

    @Test("A count that cannot be read starts over")
    func damaged() async throws {
        let stores = try await StorePair.accountLimits(.ledger)
        try await stores.one.update("a") { $0.park(until: 1e12) }
        try await stores.ledgers[0].save("{\"uses\":[", as: .accountLimits, "a")
        #expect(try await stores.two.update("a") { $0 } == RateLimitState())
    }
}

/// The promises of every store of account states.
@Suite struct AccountStateConformanceTests {
    @Test("States are kept apart by account, and changed in one step", arguments: StoreKind.allCases)
    func states(kind: StoreKind) async throws {
        let stores = try await StorePair.accountStates(kind)
        #expect(try await stores.one.state(of: "a") == AccountState())
        var refusal = GenerationError(.paymentRequired, "top up", status: 402)
        (refusal.required, refusal.available) = (4, 3)
        let error = refusal
        try await stores.one.update("a") { $0.block(after: error, now: 1000) }
        #expect(try await stores.two.state(of: "a").blocker(now: 1001)?.message == "top up")
        #expect(try await stores.two.state(of: "b") == AccountState())
        try await stores.two.update("a") { $0.setBalance(10) }
        #expect(try await stores.one.state(of: "a").block == nil)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<10 {
                let store = number % 2 == 0 ? stores.one : stores.two
                group.addTask { try await store.update("a") { $0.spend(0.5) } }
            }
            for try await _ in group {}
        }
        #expect(try await stores.one.state(of: "a").balance == 5)
    }

    @Test("A ledger that is closed is an error of each call, never an account without limits")
    func closed() async throws {
        let stores = try await StorePair.accountStates(.ledger)
        try await stores.ledgers[0].close()
        await #expect(throws: GenerationError.self) { _ = try await stores.one.state(of: "a") }
        await #expect(throws: GenerationError.self) { try await stores.one.update("a") { $0.resume() } }
    }
}

/// The promises of every store of observed input limits.
@Suite struct InputLimitConformanceTests {
    private let model = ModelLocation(origin: "o", model: "m")

    @Test("Observations are merged, and known to the next process", arguments: StoreKind.allCases)
    func merged(kind: StoreKind) async throws {
        let stores = try await StorePair.inputLimits(kind)
        #expect(try await stores.one.limits(of: model) == nil)
        try await stores.one.record(ObservedInputLimits(byteLimit: 700, observedAt: 1), of: model)
        try await stores.two.record(ObservedInputLimits(maximumSide: 64, observedAt: 2), of: model)
        let both = ObservedInputLimits(byteLimit: 700, maximumSide: 64, observedAt: 2)
        #expect(try await stores.two.limits(of: model) == both)
        #expect(try await stores.one.limits(of: model) == both)
        #expect(try await stores.one.limits(of: ModelLocation(origin: "o", model: nil)) == nil)
        #expect(try await stores.one.limits(of: ModelLocation(origin: "p", model: "m")) == nil)
    }

    @Test("A damaged observation is replaced, and one that cannot be kept holds for this process")
    func damaged() async throws {
        let stores = try await StorePair.inputLimits(.ledger)
        try await stores.ledgers[0].save("nonsense", as: .inputLimits, LedgerInputLimits.key(model))
        let observed = ObservedInputLimits(byteLimit: 5, observedAt: 1)
        try await stores.one.record(observed, of: model)
        #expect(try await stores.two.limits(of: model) == observed)
        try await stores.ledgers[1].close()
        let error = await #expect(throws: GenerationError.self) { try await stores.two.record(observed, of: model) }
        #expect(error?.code == .outputFailed)
    }
}

@Suite struct LedgerStoresTests {
    @Test("All stores of a client come from one ledger in one line")
    func all() async throws {
        let folder = try TemporaryFolder()
        let ledger = try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
        let stores = GenerationStores.ledger(ledger)
        try await stores.journal.save(JournalConformanceTests.record("a"))
        _ = try await stores.jobClaims.claim("7", account: "x", for: "a", now: 1)
        try await stores.accountLimits.update("x") { $0.park(until: 9) }
        try await stores.accountStates.update("x") { $0.setBalance(1) }
        let model = ModelLocation(origin: "o", model: nil)
        try await stores.inputLimits.record(ObservedInputLimits(byteLimit: 5, observedAt: 1), of: model)
        let next = GenerationStores.ledger(try await SQLiteLedger.open(ledger.path))
        #expect(try await next.journal.record("a") != nil)
        #expect(try await next.jobClaims.jobs(of: "x", exceptFor: "b") == ["7"])
        #expect(try await next.accountLimits.update("x") { $0 } != RateLimitState())
        #expect(try await next.accountStates.state(of: "x").balance == 1)
        #expect(try await next.inputLimits.limits(of: model)?.byteLimit == 5)
    }
}
