// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import SnugLedger

@Suite struct LedgerInstantTests {
    @Test(
        "Moments and durations add up, and stop at the last or first moment instead of running over",
        arguments: [
            (1000, Duration.seconds(1), 2000, 0), (0, .milliseconds(1), 1, -1), (5, .microseconds(1999), 6, 4),
            (0, .zero, 0, 0), (.max, .seconds(1), .max, .max - 1000), (.min, .seconds(1), .min + 1000, .min),
            (7, .seconds(Int64.max), .max, -9_223_372_036_854_775_800), (5, .seconds(-1), -995, 1005),
            (.min, .seconds(-1), .min, .min + 1000), (.max, .seconds(-1), .max - 1000, .max),
            (0, .seconds(Int64.min), .min, .max), (5, .microseconds(-1999), 4, 6),
            // The seconds fit, and the rest does not any more.
            (0, .seconds(-9_223_372_036_854_775) + .milliseconds(-999), .min, .max),
            (0, .seconds(9_223_372_036_854_775) + .milliseconds(999), .max, .min + 1),
        ])
    func arithmetic(start: Int, duration: Duration, later: Int, earlier: Int) {
        let instant = LedgerInstant(milliseconds: start)
        #expect((instant + duration).milliseconds == later)
        #expect((instant - duration).milliseconds == earlier)
    }

    @Test("A moment is a number in JSON")
    func coding() throws {
        let instant = LedgerInstant(milliseconds: 1_800_000_000_000)
        let data = try JSONEncoder().encode([instant])
        #expect(String(decoding: data, as: UTF8.self) == "[1800000000000]")
        #expect(try JSONDecoder().decode([LedgerInstant].self, from: data) == [instant])
        #expect("\(instant)" == "1800000000000" && instant < instant + .milliseconds(1))
    }
}

@Suite struct LedgerIDGeneratorTests {
    @Test(
        "Ids grow, within a millisecond and when the clock is set back, and none comes twice", arguments: UInt64(0)..<4)
    func grow(seed: UInt64) {
        let time = TestTime(seed: seed)
        let generator = LedgerIDGenerator(time.environment)
        var random = SeededGenerator(seed: seed)
        var ids: [String] = []
        for _ in 0..<2000 {
            ids.append(generator.next())
            switch Int.random(in: 0..<20, using: &random) {
            case 0: time.setForward(.milliseconds(Int.random(in: -100_000...100_000, using: &random)))
            case 1..<5: time.advance(.milliseconds(1))
            default: break
            }
        }
        #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
        #expect(ids.allSatisfy { LedgerIDGenerator.isID($0) })
    }

    @Test("Random bits that are all ones do not run over into the time")
    func overflow() {
        let environment = LedgerEnvironment(
            now: { LedgerInstant(milliseconds: 5) }, elapsed: { .zero }, random: { .max })
        let generator = LedgerIDGenerator(environment)
        let ids = (0..<1000).map { _ in generator.next() }
        #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
        #expect(ids.allSatisfy { $0.hasPrefix("0000000005") })
    }

    @Test("The first id of a moment is before all of it and after all before it")
    func first() {
        let time = TestTime()
        let generator = LedgerIDGenerator(time.environment)
        let before = generator.next()
        time.advance(.milliseconds(1))
        let first = LedgerIDGenerator.first(at: time.now)
        #expect(before < first && first <= generator.next() && LedgerIDGenerator.isID(first))
        #expect(LedgerIDGenerator.first(at: LedgerInstant(milliseconds: -5)).hasPrefix("0000000000"))
        // Later moments than an id can tell are after all ids, and do not begin again at 0.
        for late in [1 << 48, (1 << 48) + 7, Int.max] {
            #expect(LedgerIDGenerator.first(at: LedgerInstant(milliseconds: late)) > generator.next())
        }
    }

    @Test(
        "Text that is no id is none",
        arguments: [
            "", "0", String(repeating: "0", count: 25), String(repeating: "i", count: 26),
            String(repeating: "A", count: 26),
        ])
    func foreign(text: String) throws {
        #expect(JobID(text) == nil)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([JobID].self, from: Data("[\"\(text)\"]".utf8))
        }
    }

    @Test("An id is its text in JSON, and in order")
    func coding() throws {
        let text = LedgerIDGenerator(TestTime().environment).next()
        let id = try #require(JobID(text))
        #expect("\(id)" == text)
        let data = try JSONEncoder().encode([id])
        #expect(try JSONDecoder().decode([JobID].self, from: data) == [id])
        let later = try #require(JobID(String(repeating: "z", count: 26)))
        #expect(id < later)
    }
}

@Suite struct LaneHeadTests {
    private func head(
        _ folder: String = "f", _ priority: JobPriority = .background, served: Int = 0, claimedAt: Int = 0,
        dueAt: Int = 0,
        id: String = "0"
    ) throws -> LaneHead {
        LaneHead(
            lane: JobLane(folder: folder, account: "", step: .fit, priority: priority), served: served,
            claimedAt: LedgerInstant(milliseconds: claimedAt),
            jobID: try #require(JobID(String(repeating: id, count: 26))), dueAt: LedgerInstant(milliseconds: dueAt))
    }

    private func isFirst(_ left: LaneHead, _ right: LaneHead, now: Int) -> Bool {
        let now = LedgerInstant(milliseconds: now)
        #expect(
            left.precedes(right, now: now, ageing: .seconds(30)) != right.precedes(left, now: now, ageing: .seconds(30))
        )
        return left.precedes(right, now: now, ageing: .seconds(30))
    }

    @Test("Interactive work precedes background work, until that has waited for the time of ageing")
    func ageing() throws {
        let interactive = try head("a", .interactive, served: 9, dueAt: 5)
        let background = try head("b", .background, served: 0, dueAt: 0)
        #expect(isFirst(interactive, background, now: 29_999))
        #expect(isFirst(background, interactive, now: 30_000))
        // A lane that had its turn waits again from then on.
        let served = try head("b", .background, served: 0, claimedAt: 20_000)
        #expect(isFirst(interactive, served, now: 49_999) && isFirst(served, interactive, now: 50_000))
    }

    @Test("Among equals the folder that has waited longest goes first, then the job that has, then the older one")
    func order() throws {
        #expect(isFirst(try head("a", served: 1, dueAt: 9), try head("b", served: 2, dueAt: 0), now: 10))
        #expect(isFirst(try head("a", served: 1, dueAt: 3), try head("b", served: 1, dueAt: 4), now: 10))
        #expect(isFirst(try head("a", id: "1"), try head("b", id: "2"), now: 10))
    }
}

@Suite struct LedgerHoldTests {
    private func hold(_ kind: LedgerHold.Kind, _ scope: PauseScope, until: Int? = nil) -> LedgerHold {
        LedgerHold(
            kind: kind, scope: scope, until: until.map { LedgerInstant(milliseconds: $0) }, reason: .test,
            since: LedgerInstant(milliseconds: 0))
    }

    private func holds(_ hold: LedgerHold, step: JobStep = .submit, now: Int = 5) -> Bool {
        hold.holds(folder: "f", account: "a", step: step, now: LedgerInstant(milliseconds: now))
    }

    @Test("A hold stops what its scope names, until its end")
    func scopes() {
        for scope in [PauseScope.all, .folder("f"), .account("a"), .step(.submit)] {
            #expect(holds(hold(.pause, scope)))
            #expect(holds(hold(.pause, scope, until: 6)) && !holds(hold(.pause, scope, until: 5)))
        }
        for scope in [PauseScope.folder("g"), .account("b"), .step(.fit), .folder("")] {
            #expect(!holds(hold(.pause, scope)))
        }
    }

    @Test("A parked account's results are still fetched", arguments: JobStep.allCases)
    func parked(step: JobStep) {
        #expect(holds(hold(.park, .account("a")), step: step) == (step == .submit))
        #expect(holds(hold(.pause, .account("a")), step: step))
    }

    @Test("Each scope comes back from its two columns, and nonsense does not")
    func columns() {
        for scope in [PauseScope.all, .folder("x"), .account(""), .step(.collect)] {
            #expect(PauseScope(scope: scope.columns.scope, name: scope.columns.name) == scope)
        }
        #expect(PauseScope(scope: "planet", name: "") == nil && PauseScope(scope: "step", name: "guess") == nil)
    }
}

@Suite struct LedgerBooksTests {
    @Test("Books of folders add up, and a loss shows")
    func books() {
        let one = LedgerBooks(seen: 3, joined: 1, states: [.waiting: 1, .running: 1, .failed: 1])
        let two = LedgerBooks(seen: 2, joined: 0, states: [.paused: 1, .delivered: 1])
        let sum = one + two
        #expect(sum.seen == 5 && sum.joined == 1 && sum.waiting == 3 && sum.count(.delivered) == 1 && sum.areBalanced)
        #expect(!LedgerBooks(seen: 3, joined: 0, states: [.waiting: 2]).areBalanced)
        #expect(LedgerBooks().areBalanced && sum.count(.held) == 0)
    }
}
