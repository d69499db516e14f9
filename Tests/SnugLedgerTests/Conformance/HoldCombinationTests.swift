// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import Testing

/// Any store must pass these: pauses and parked accounts, each beside each other.
@Suite("Pauses and parked accounts in every combination") struct HoldCombinationTests {
    private enum Hold: Int, CaseIterable {
        case everything, folder, account, step, parked

        func set(on store: any LedgerStore, until: LedgerInstant?, parkedUntil: LedgerInstant) async throws {
            switch self {
            case .everything: try await store.pause(.all, until: until, reason: .test)
            case .folder: try await store.pause(.folder("f"), until: until, reason: .test)
            case .account: try await store.pause(.account("a"), until: until, reason: .test)
            case .step: try await store.pause(.step(.collect), until: until, reason: .test)
            case .parked: try await store.park(account: "b", until: parkedUntil, reason: .test)
            }
        }

        func lift(on store: any LedgerStore) async throws {
            switch self {
            case .everything: try await store.unpause(.all)
            case .folder: try await store.unpause(.folder("f"))
            case .account: try await store.unpause(.account("a"))
            case .step: try await store.unpause(.step(.collect))
            case .parked: try await store.unpark(account: "b")
            }
        }

        /// True for a job, named by its folder, account and step, that it stops.
        func stops(_ name: String) -> Bool {
            let parts = name.split(separator: " ")
            return switch self {
            case .everything: true
            case .folder: parts[0] == "f"
            case .account: parts[1] == "a"
            case .step: parts[2] == "collect"
            case .parked: parts[1] == "b" && parts[2] == "submit"
            }
        }
    }

    /// One job for each folder, account and step.
    private func fill(_ fixture: LedgerFixture) async throws -> Set<String> {
        var names: Set<String> = []
        for folder in ["f", "g"] {
            for account in ["a", "b"] {
                for step in [JobStep.submit, .collect] {
                    let name = "\(folder) \(account) \(step)"
                    try await fixture.add(.sample(name, folder: folder, account: account, step: step))
                    names.insert(name)
                }
            }
        }
        return names
    }

    private func claimAll(_ fixture: LedgerFixture) async throws -> Set<String> {
        let claims = try await fixture.other.claim(ClaimRequest(limit: 99))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for claim in claims { group.addTask { try await fixture.other.release(claim.lease) } }
            try await group.waitForAll()
        }
        return Set(claims.map(\.job.name))
    }

    @Test("What nothing stops is handed out, and nothing else", arguments: LedgerFixture.Kind.allCases)
    func combinations(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let names = try await fill(fixture)
        let later = fixture.time.now + .seconds(86_400)
        var set: Set<Hold> = []
        // Gray's order: from each combination to the next, one hold comes or goes.
        for number in 1...32 {
            let expected = names.filter { name in !set.contains { $0.stops(name) } }
            #expect(try await claimAll(fixture) == expected, "\(set)")
            #expect(try await fixture.store.holds().count == set.count)
            guard let hold = Hold(rawValue: number.trailingZeroBitCount) else { break }
            if set.remove(hold) != nil {
                try await hold.lift(on: fixture.store)
            } else {
                set.insert(hold)
                try await hold.set(on: fixture.store, until: nil, parkedUntil: later)
            }
        }
    }

    @Test("Each ends by itself at its own moment, and not a millisecond before", arguments: LedgerFixture.Kind.allCases)
    func ends(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let names = try await fill(fixture)
        let start = fixture.time.now
        for (index, hold) in Hold.allCases.reversed().enumerated() {
            let end = start + .milliseconds(10 * (index + 1))
            try await hold.set(on: fixture.store, until: end, parkedUntil: end)
        }
        for millisecond in 0...50 where millisecond % 10 == 9 || millisecond % 10 == 0 {
            fixture.time.advance(.milliseconds(start.milliseconds + millisecond - fixture.time.now.milliseconds))
            let rest = Hold.allCases.reversed().dropFirst(millisecond / 10)
            let expected = names.filter { name in !rest.contains { $0.stops(name) } }
            #expect(try await claimAll(fixture) == expected, "after \(millisecond) ms")
            #expect(try await fixture.store.holds().count == rest.count, "after \(millisecond) ms")
        }
    }
}
