// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugPipeline

/// Writers that do anything in any order, and a tracker that is asked at random times.
@Suite("A settle tracker among random writers")
struct SettleTrackerPropertyTests {
    private struct File {
        var version = 0
        var isComplete = false
        var changedAt = 0
        var exists = true
    }

    /// A tracker, the files that it is told about, and what it took.
    private struct Story {
        var random: SeededGenerator
        var tracker = SettleTracker(
            policy: SettlePolicy(settleTime: .milliseconds(200), patience: .seconds(1_000_000)))
        var files = (0..<5).map { _ in File() }
        var taken: [Int: Int] = [:]
        var now = 0
        /// Files that were taken unfinished, or before they had been quiet.
        var tooEarly: [Int] = []

        private func path(_ index: Int) -> RelativePath { RelativePath("\(index).jpg") }

        private func version(_ index: Int) -> FileVersion? {
            let file = files[index]
            guard file.exists else { return nil }
            return FileVersion(
                device: 1, inode: UInt64(index), byteCount: file.version, modified: Int64(file.version),
                changed: Int64(file.version))
        }

        mutating func see(_ index: Int, isTouched: Bool) {
            guard let version = version(index) else { return }
            tracker.saw(ScannedFile(path: path(index), version: version), isTouched: isTouched, at: .milliseconds(now))
        }

        mutating func write(_ index: Int, completes: Bool) {
            files[index].version += 1
            files[index].isComplete = completes
            files[index].changedAt = now
        }

        mutating func serve() {
            for due in tracker.due(at: .milliseconds(now), limit: 100) {
                guard let index = files.indices.first(where: { path($0) == due }) else { continue }
                guard tracker.looked(at: due, version: version(index), at: .milliseconds(now)) == .check else {
                    continue
                }
                let completeness: Completeness = files[index].isComplete ? .complete : .incomplete("is cut")
                guard case .take = tracker.checked(due, completeness, at: .milliseconds(now)) else { continue }
                if !files[index].isComplete || now - files[index].changedAt < 200 { tooEarly.append(index) }
                taken[index, default: 0] += 1
                files[index].exists = false
                tracker.forget(due)
            }
        }

        /// One random thing happens.
        mutating func step() {
            now += Int.random(in: 0..<150, using: &random)
            let index = Int.random(in: files.indices, using: &random)
            let isWriting = files[index].exists && !files[index].isComplete
            let choice = Int.random(in: 0..<10, using: &random)
            switch choice {
            case 0...4 where isWriting:
                write(index, completes: choice == 4)
                // The event may be lost.
                if Bool.random(using: &random) { see(index, isTouched: true) }
            case 5: for index in files.indices { see(index, isTouched: false) }
            default: serve()
            }
        }

        /// Everything is written in the end, and a scan shows it.
        mutating func finish() {
            for index in files.indices where files[index].exists && !files[index].isComplete {
                write(index, completes: true)
            }
            for index in files.indices { see(index, isTouched: false) }
            for _ in 0..<1000 {
                guard let next = tracker.nextLook() else { break }
                now = max(now, Int(next / .milliseconds(1)) + 1)
                serve()
            }
        }
    }

    @Test("Each file is taken whole and quiet, and each that becomes whole is taken once", arguments: UInt64(0)..<200)
    func takenOnceAndWhole(seed: UInt64) {
        var story = Story(random: SeededGenerator(seed: seed))
        for _ in 0..<400 { story.step() }
        story.finish()
        #expect(story.tooEarly.isEmpty, "seed \(seed)")
        #expect(story.taken == Dictionary(uniqueKeysWithValues: story.files.indices.map { ($0, 1) }), "seed \(seed)")
        #expect(story.tracker.count == 0, "seed \(seed)")
    }
}
