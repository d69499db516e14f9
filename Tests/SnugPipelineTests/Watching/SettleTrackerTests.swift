// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugPipeline

@Suite("A settle tracker")
struct SettleTrackerTests {
    private static let path = RelativePath("a.jpg")
    private static let policy = SettlePolicy(
        settleTime: .seconds(2), unprovenSettleTime: .seconds(10), suspiciousSettleTime: .seconds(60),
        patience: .seconds(3600), maximumInterval: .seconds(300), maximumCandidates: 3)

    @Test("Stories", arguments: SettleStory.all)
    func stories(story: SettleStory) {
        let path = RelativePath(story.path)
        var tracker = SettleTracker(policy: Self.policy)
        for step in story.steps {
            switch step {
            case .saw(let number, let isTouched, let time):
                tracker.saw(
                    ScannedFile(path: path, version: SettleStory.version(number)), isTouched: isTouched,
                    at: .seconds(time))
            case .looked(let number, let time, let look):
                let result = tracker.looked(
                    at: path, version: number.map { SettleStory.version($0) }, at: .seconds(time))
                #expect(result == look, "\(story.name), at \(time)")
            case .checked(let completeness, let time, let decision):
                #expect(
                    tracker.checked(path, completeness, at: .seconds(time)) == decision, "\(story.name), at \(time)")
            case .nextLook(let time):
                #expect(tracker.nextLook() == time.map { .seconds($0) }, "\(story.name)")
            }
        }
    }

    @Test("There is room for so many files and no more; those that are taken make room")
    func capacity() {
        var tracker = SettleTracker(policy: Self.policy)
        func saw(_ name: String) -> Bool {
            tracker.saw(
                ScannedFile(path: RelativePath(name), version: SettleStory.version(1)), isTouched: true, at: .zero)
        }
        #expect(saw("a") && saw("b") && saw("c") && !saw("d") && saw("a"))
        tracker.forget(RelativePath("b"))
        #expect(saw("d") && tracker.count == 3 && tracker.capacity == 0)
    }

    @Test(
        "A file that lay there for long before it was seen is looked at at once, where its time is to be believed",
        arguments: [(10, false, 0), (9, false, 2), (0, false, 2), (3600, true, 2)])
    func old(age: Int, isTouched: Bool, wait: Int) {
        var tracker = SettleTracker(policy: Self.policy)
        let file = ScannedFile(path: Self.path, version: SettleStory.version(1))
        tracker.saw(file, isTouched: isTouched, age: .seconds(age), at: .seconds(100))
        #expect(tracker.nextLook() == .seconds(100 + wait))
        let due = tracker.due(at: .seconds(100 + wait), limit: 10)
        #expect(due == [Self.path])
        #expect(tracker.looked(at: Self.path, version: file.version, at: .seconds(100 + wait)) == .check)
        // Content that does not tell its end has to be quiet before our eyes for the rest of its time.
        let look = tracker.checked(Self.path, .unproven("no end"), at: .seconds(100 + wait))
        #expect(look == .wait)
        #expect(tracker.nextLook() == .seconds(100 + wait + 8))
    }

    @Test("An old file that changes after it was seen starts over")
    func oldAndChanged() {
        var tracker = SettleTracker(policy: Self.policy)
        let file = ScannedFile(path: Self.path, version: SettleStory.version(1))
        tracker.saw(file, isTouched: false, age: .seconds(3600), at: .seconds(1))
        let look = tracker.looked(at: Self.path, version: SettleStory.version(2), at: .seconds(1))
        #expect(look == .wait)
        #expect(tracker.nextLook() == .seconds(3))
    }

    @Test("Endless events about one file keep the memory of it small")
    func bounded() {
        var tracker = SettleTracker(policy: Self.policy)
        for time in 0..<10_000 {
            let file = ScannedFile(path: Self.path, version: SettleStory.version(time))
            tracker.saw(file, isTouched: true, at: .milliseconds(time))
        }
        #expect(tracker.count == 1)
        #expect(tracker.due(at: .milliseconds(11_998), limit: 10).isEmpty)
        #expect(tracker.due(at: .milliseconds(11_999), limit: 10) == [Self.path])
    }

    @Test("A file that could not be taken is tried again, later and later")
    func notTaken() {
        var tracker = SettleTracker(policy: Self.policy)
        tracker.saw(ScannedFile(path: Self.path, version: SettleStory.version(1)), isTouched: true, at: .zero)
        tracker.notTaken(Self.path, "disk full", at: .seconds(10))
        #expect(tracker.nextLook() == .seconds(12))
        tracker.notTaken(Self.path, "disk full", at: .seconds(12))
        #expect(tracker.nextLook() == .seconds(16))
        #expect(tracker.waiting(limit: 5).map(\.reason) == ["disk full"])
        #expect(tracker.stalledCount == 1)
    }

    @Test("A file that a pause holds up is looked at as often as at first, however long that lasts")
    func held() {
        var tracker = SettleTracker(policy: Self.policy)
        tracker.saw(ScannedFile(path: Self.path, version: SettleStory.version(1)), isTouched: true, at: .zero)
        for time in [10, 14, 900] {
            tracker.held(Self.path, "paused", at: .seconds(time))
            #expect(tracker.nextLook() == .seconds(time + 4))
        }
        #expect(tracker.waiting(limit: 5).map(\.reason) == ["paused"] && tracker.stalledCount == 1)
        tracker.held(RelativePath("gone"), "paused", at: .seconds(901))
        #expect(tracker.count == 1)
    }

    @Test("No wait for quiet is no busy loop either")
    func zeroSettleTime() {
        var tracker = SettleTracker(policy: SettlePolicy(settleTime: .zero))
        tracker.saw(ScannedFile(path: Self.path, version: SettleStory.version(1)), isTouched: true, at: .zero)
        _ = tracker.checked(Self.path, .incomplete("is cut"), at: .zero)
        #expect((tracker.nextLook() ?? .zero) > .zero)
    }
}
