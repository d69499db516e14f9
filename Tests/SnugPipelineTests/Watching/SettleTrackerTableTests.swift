// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugPipeline

/// The looks of a settle tracker at many files, and the waits that each finding leads to.
@Suite struct SettleTrackerTableTests {
    private static let policy = SettlePolicy(
        settleTime: .seconds(2), unprovenSettleTime: .seconds(10), suspiciousSettleTime: .seconds(60),
        patience: .seconds(3600), maximumInterval: .seconds(300), maximumCandidates: 100)

    private var tracker = SettleTracker(policy: SettleTrackerTableTests.policy)

    private mutating func see(_ name: String, version: Int = 1, at time: Int) {
        let file = ScannedFile(path: RelativePath(name), version: SettleStory.version(version))
        tracker.saw(file, isTouched: true, at: .seconds(time))
    }

    /// Findings at the settle time, for an ordinary name and one that looks unfinished: taken, or the next look.
    private static let findings: [(finding: Completeness, ordinary: Int?, unfinished: Int?)] = [
        (.complete, nil, 60), (.suspicious("is open"), 60, 60), (.unproven("is text"), 10, 4),
        (.incomplete("is cut"), 4, 4), (.unreadable("no permission"), 4, 4), (.changed, 4, 4),
    ]

    @Test("Each finding takes the file or names the time of the next look", arguments: findings)
    func next(finding: Completeness, ordinary: Int?, unfinished: Int?) {
        for (name, next) in [("a.jpg", ordinary), ("a.jpg.part", unfinished)] {
            var tracker = SettleTracker(policy: Self.policy)
            let path = RelativePath(name)
            tracker.saw(
                ScannedFile(path: path, version: SettleStory.version(1)), isTouched: true, at: .zero)
            #expect(tracker.due(at: .seconds(2), limit: 9) == [path])
            #expect(tracker.looked(at: path, version: SettleStory.version(1), at: .seconds(2)) == .check)
            let decision = tracker.checked(path, finding, at: .seconds(2))
            if let next {
                #expect(decision == .wait && tracker.nextLook() == .seconds(next), "\(name)")
            } else {
                #expect(decision == .take(SettleStory.version(1)), "\(name)")
            }
        }
    }

    @Test("Looks are due in the order of their times, and no more at once than asked for")
    mutating func order() {
        see("a", at: 0)
        see("b", at: 1)
        see("a", version: 2, at: 3)
        see("c", at: 4)
        #expect(tracker.nextLook() == .seconds(3))
        #expect(tracker.due(at: .seconds(4), limit: 9) == [RelativePath("b")])
        #expect(tracker.due(at: .seconds(7), limit: 1) == [RelativePath("a")] && tracker.nextLook() == .seconds(6))
        #expect(tracker.due(at: .seconds(7), limit: 1) == [RelativePath("c")])
        #expect(tracker.due(at: .seconds(7), limit: 1) == [] && tracker.count == 3)
    }

    @Test("A file that is forgotten is due no more, and findings about it mean nothing")
    mutating func forgotten() {
        see("a", at: 0)
        see("b", at: 1)
        let path = RelativePath("a")
        tracker.forget(path)
        #expect(tracker.due(at: .seconds(100), limit: 9) == [RelativePath("b")])
        #expect(tracker.looked(at: path, version: SettleStory.version(1), at: .seconds(100)) == .gone)
        #expect(tracker.checked(path, .complete, at: .seconds(100)) == .wait)
        tracker.notTaken(path, "disk full", at: .seconds(100))
        #expect(tracker.count == 1 && tracker.waiting(limit: 9).isEmpty)
    }

    @Test("Waiting is shown with its reason and the time of the next look, and ends with a change")
    mutating func shown() throws {
        for name in ["a", "b", "c"] { see(name, at: 0) }
        _ = tracker.checked(RelativePath("a"), .incomplete("is cut"), at: .seconds(2))
        _ = tracker.checked(RelativePath("b"), .unproven("is text"), at: .seconds(2))
        let shown = tracker.waiting(limit: 9).sorted {
            $0.path.bytes.lexicographicallyPrecedes($1.path.bytes)
        }
        #expect(shown.map(\.reason) == ["is cut", "is text"])
        #expect(
            shown.map(\.nextLook) == [.seconds(4), .seconds(10)] && shown.map(\.since) == [.zero, .zero])
        #expect(tracker.waiting(limit: 1).count == 1)
        // Content that tells nothing settles by itself; a cut file waits for its writer.
        #expect(tracker.stalledCount == 1)
        see("a", version: 2, at: 3)
        #expect(tracker.stalledCount == 0 && tracker.waiting(limit: 9).map(\.reason) == ["is text"])
    }

    @Test(
        "Looks in vain come at 2, 4, 8 … s after each other, and 5 min at the most, until patience ends"
    )
    mutating func intervals() {
        see("a", at: 0)
        var (time, gaps) = (2, [Int]())
        while gaps.count < 20,
            case .wait = tracker.checked(RelativePath("a"), .incomplete("is cut"), at: .seconds(time))
        {
            let next = Int(tracker.nextLook()?.components.seconds ?? -1)
            gaps.append(next - time)
            time = next
        }
        // 2 + 510 + 10 × 300 = 3512: the last one ends at 3600.
        #expect(gaps == [2, 4, 8, 16, 32, 64, 128, 256] + [Int](repeating: 300, count: 10) + [88])
        #expect(time == 3600)
    }

    @Test(
        "No file is lost among thousands: each is taken once, whatever happens to it meanwhile",
        arguments: UInt64(0)..<5)
    func many(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var tracker = SettleTracker(
            policy: SettlePolicy(settleTime: .seconds(2), maximumCandidates: 5000))
        var versions: [RelativePath: Int] = [:]
        var taken: [RelativePath: Int] = [:]
        for time in 0..<60 {
            // Changes stop half way.
            for _ in 0..<(time < 30 ? 100 : 0) {
                let path = RelativePath("\(Int.random(in: 0..<500, using: &random)).jpg")
                guard taken[path] == nil else { continue }
                versions[path, default: 0] += 1
                let file = ScannedFile(path: path, version: SettleStory.version(versions[path] ?? 0))
                tracker.saw(file, isTouched: Bool.random(using: &random), at: .seconds(time))
            }
            for path in tracker.due(at: .seconds(time), limit: .max) {
                let version = SettleStory.version(versions[path] ?? 0)
                guard tracker.looked(at: path, version: version, at: .seconds(time)) == .check else {
                    continue
                }
                guard case .take(let found) = tracker.checked(path, .complete, at: .seconds(time)) else {
                    continue
                }
                #expect(found == version && taken[path] == nil)
                taken[path] = versions[path]
                tracker.forget(path)
            }
        }
        #expect(taken == versions && tracker.count == 0 && tracker.nextLook() == nil)
    }
}
