// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import Testing

/// Any store must pass these.
@Suite("Objects that jobs refer to") struct ObjectConformanceTests {
    private static func digest(_ number: Int) -> String {
        let hexadecimal = String(number, radix: 16)
        return String(repeating: "0", count: 64 - hexadecimal.count) + hexadecimal
    }

    private static func payload(_ numbers: Int...) -> String {
        let files = numbers.map { #"{"byteCount":1,"digest":"\#(digest($0))","path":"a"}"# }
        return #"{"fitted":null,"images":[\#(files.joined(separator: ","))]}"#
    }

    private func job(_ name: String, content: Int? = nil, _ payload: String = "{}") -> NewJob {
        NewJob(
            JobIdentity(contentHash: content.map(Self.digest), pipeline: "p"), name: name, folder: "in", step: .fit,
            payload: payload)
    }

    /// Those of the objects 0 to 19 that the ledger refers to.
    private func referred(_ store: any LedgerStore) async throws -> [Int] {
        let found = try await store.referredObjects(among: (0..<20).map(Self.digest))
        return (0..<20).filter { found.contains(Self.digest($0)) }
    }

    @Test("A job refers to its content and to every digest of its payload", arguments: LedgerFixture.Kind.allCases)
    func payloads(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        #expect(try await fixture.store.referredObjects(among: []).isEmpty)
        #expect(try await referred(fixture.store) == [])
        try await fixture.add(job("a", content: 1, Self.payload(2, 3)))
        try await fixture.add(job("b", content: 4, Self.payload(3)))
        try await fixture.add(job("c", content: nil, Self.payload(5)))
        #expect(try await referred(fixture.other) == [1, 2, 3, 4, 5])
        // More than a page, and each asked for twice.
        let many = (0..<2500).map(Self.digest)
        #expect(try await fixture.store.referredObjects(among: many + many).count == 5)
    }

    @Test("A payload that is replaced refers to what it has now", arguments: LedgerFixture.Kind.allCases)
    func replaced(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        try await fixture.add(job("a", content: 1, Self.payload(2, 3)))
        let fit = try await fixture.claim()
        try await fixture.store.recordOutcome(
            .advanced(to: .upload), payload: Self.payload(3, 4), under: fit.lease)
        #expect(try await referred(fixture.store) == [1, 3, 4])
        let upload = try await fixture.claim()
        // A payload that is left alone keeps its references.
        try await fixture.store.recordOutcome(.advanced(to: .deliver), under: upload.lease)
        #expect(try await referred(fixture.store) == [1, 3, 4])
        let delivery = try await fixture.claim()
        try await fixture.store.recordOutcome(
            .delivered(delivery.pendingDeliveries), payload: "{}", under: delivery.lease)
        #expect(try await referred(fixture.store) == [1])
    }

    @Test("What a lost worker records late refers to nothing", arguments: LedgerFixture.Kind.allCases)
    func stale(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        try await fixture.add(job("a", content: 1))
        let claim = try await fixture.claim()
        try await fixture.store.release(claim.lease)
        await expectFailure(.staleLease) {
            try await fixture.store.recordOutcome(
                .advanced(to: .upload), payload: Self.payload(2), under: claim.lease)
        }
        #expect(try await referred(fixture.store) == [1])
    }

    @Test(
        "A job that is forgotten, or that joins equal work, refers to nothing", arguments: LedgerFixture.Kind.allCases)
    func forgotten(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        try await fixture.add(job("a", content: 1, Self.payload(2)))
        let first = try await fixture.claim()
        try await fixture.store.recordOutcome(.delivered(first.pendingDeliveries), under: first.lease)
        #expect(try await referred(fixture.store) == [1, 2])
        fixture.time.advance(.seconds(10))
        try await fixture.add(
            NewJob(JobIdentity(contentHash: nil, pipeline: "p"), name: "b", folder: "in", payload: Self.payload(3)))
        #expect(try await referred(fixture.store) == [1, 2, 3])
        let second = try await fixture.claim()
        let joined = try await fixture.store.recordOutcome(
            .identified(contentHash: Self.digest(1), next: .fit), under: second.lease)
        #expect(joined.isJoined)
        #expect(try await referred(fixture.store) == [1, 2])
        let again = try await fixture.claim()
        try await fixture.store.recordOutcome(.delivered(again.pendingDeliveries), under: again.lease)
        fixture.time.advance(.seconds(10))
        #expect(try await fixture.store.prune(PruningPolicy(delivered: .seconds(5))) == 1)
        #expect(try await referred(fixture.store) == [])
    }

    @Test(
        "An input that turns out to be known content refers to it from then on", arguments: LedgerFixture.Kind.allCases)
    func identified(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        try await fixture.add(NewJob(JobIdentity(contentHash: nil, pipeline: "p"), name: "b", folder: "in"))
        let claim = try await fixture.claim()
        try await fixture.store.recordOutcome(
            .identified(contentHash: Self.digest(7), next: .fit), under: claim.lease)
        #expect(try await referred(fixture.store) == [7])
    }
}
