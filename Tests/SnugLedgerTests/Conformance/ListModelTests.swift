// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import Testing

/// Any store must pass these: lists against a filter that reads every job.
@Suite("Lists, against a search through everything") struct ListModelTests {
    private static let folders = ["in", "out", ""]
    private static let accounts = ["", "acc", "other"]
    private static let words = ["cat", "CATalogue", "100% sure", "a_b", "dog's", "back\\slash"]

    /// Jobs of all states, folders and accounts, several of one moment.
    private func fill(_ fixture: LedgerFixture, _ random: inout SeededGenerator) async throws -> [Job] {
        for batch in 0..<12 {
            let new = (0..<Int.random(in: 1...8, using: &random)).map { number in
                NewJob.sample(
                    "\(Self.words.randomElement(using: &random) ?? "") \(batch)-\(number)",
                    folder: Self.folders.randomElement(using: &random) ?? "",
                    account: Self.accounts.randomElement(using: &random) ?? "")
            }
            let ids = try await fixture.store.enqueue(new).map(\.job.id)
            try await fixture.store.resolve(ids.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }, .cancel)
            try await fixture.store.resolve(
                ids.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }, .pause(until: nil))
            for claim in try await fixture.store.claim(ClaimRequest(limit: 3)) {
                let reason = JobReason(code: "c", message: Self.words.randomElement(using: &random) ?? "")
                let outcomes: [StepOutcome?] = [
                    nil, .failed(reason), .held(reason), .delivered(claim.pendingDeliveries),
                    .retry(at: claim.lease.until, reason),
                ]
                guard let outcome = outcomes.randomElement(using: &random) ?? nil else { continue }
                try await fixture.store.recordOutcome(outcome, under: claim.lease)
            }
            fixture.time.advance(.milliseconds(Int.random(in: 1...3, using: &random)))
        }
        return try await fixture.store.list(JobFilter(limit: 1000))
    }

    private func filter(_ all: [Job], _ random: inout SeededGenerator) -> JobFilter {
        func maybe<Value>(_ value: Value?) -> Value? { Int.random(in: 0..<3, using: &random) == 0 ? value : nil }
        let ids = all.filter { _ in Bool.random(using: &random) }.map(\.id)
        let texts = ["cat", "CAT", "talog", "%", "_", "dog'", "\\", "12-", " ", "nowhere"]
        return JobFilter(
            ids: Int.random(in: 0..<8, using: &random) == 0 ? ids.shuffled(using: &random) : nil,
            states: Set(JobState.allCases.filter { _ in Int.random(in: 0..<6, using: &random) == 0 }),
            folder: maybe(Self.folders.randomElement(using: &random)),
            account: maybe(Self.accounts.randomElement(using: &random)),
            since: maybe(all.randomElement(using: &random)?.createdAt),
            text: maybe(texts.randomElement(using: &random)), before: maybe(all.randomElement(using: &random)?.id),
            limit: [1, 3, 7, 1000].randomElement(using: &random) ?? 1)
    }

    /// The conditions of a filter, each by itself.
    private func selects(_ filter: JobFilter, _ job: Job) -> Bool {
        let texts = [job.name, job.reason?.message ?? ""].map { $0.lowercased() }
        return [
            filter.ids?.contains(job.id) ?? true, filter.states.isEmpty || filter.states.contains(job.state),
            filter.folder.map { $0 == job.folder } ?? true, filter.account.map { $0 == job.account } ?? true,
            filter.since.map { $0 <= job.createdAt } ?? true, filter.before.map { job.id < $0 } ?? true,
            filter.text.map { text in texts.contains { !$0.ranges(of: text.lowercased()).isEmpty } } ?? true,
        ].allSatisfy { $0 }
    }

    @Test(
        "Each combination of conditions selects the jobs that meet all of them, newest first, and a page continues the last",
        arguments: LedgerFixture.Kind.allCases)
    func filters(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        var random = SeededGenerator(seed: 5)
        let all = try await fill(fixture, &random)
        #expect(Set(all.map(\.state)) == Set(JobState.allCases) && all == all.sorted { $0.id > $1.id })
        var (found, whole) = (0, 0)
        for _ in 0..<150 {
            let filter = self.filter(all, &random)
            let expected = all.filter { selects(filter, $0) }
            let page = try await fixture.other.list(filter)
            #expect(page == Array(expected.prefix(filter.limit)), "\(filter)")
            found += page.isEmpty ? 0 : 1
            guard let last = page.last else { continue }
            var next = filter
            next.before = last.id
            let rest = try await fixture.other.list(next)
            #expect(rest == Array(expected.dropFirst(page.count).prefix(filter.limit)), "\(filter)")
            whole += rest.isEmpty ? 1 : 0
        }
        #expect(found > 50 && whole > 10)
    }
}
