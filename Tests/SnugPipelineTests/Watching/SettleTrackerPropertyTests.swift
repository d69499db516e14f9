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

    @Test("Each file is taken whole and quiet, and each that becomes whole is taken once", arguments: UInt64(0)..<200)
    func takenOnceAndWhole(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let policy = SettlePolicy(settleTime: .milliseconds(200), patience: .seconds(1_000_000))
        var tracker = SettleTracker(policy: policy)
        var files = (0..<5).map { _ in File() }
        var taken: [Int: Int] = [:]
        var now = 0

        func path(_ index: Int) -> RelativePath { RelativePath("\(index).jpg") }
        func version(_ index: Int) -> FileVersion? {
            let file = files[index]
            guard file.exists else { return nil }
            return FileVersion(
                device: 1, inode: UInt64(index), byteCount: file.version, modified: Int64(file.version),
                changed: Int64(file.version))
        }
        func saw(_ index: Int, isTouched: Bool) {
            guard let version = version(index) else { return }
            tracker.saw(ScannedFile(path: path(index), version: version), isTouched: isTouched, at: .milliseconds(now))
        }
        func serve() {
            for due in tracker.due(at: .milliseconds(now), limit: 100) {
                guard let index = files.indices.first(where: { path($0) == due }) else { continue }
                guard tracker.looked(at: due, version: version(index), at: .milliseconds(now)) == .check else {
                    continue
                }
                let completeness: Completeness = files[index].isComplete ? .complete : .incomplete("is cut")
                if case .take = tracker.checked(due, completeness, at: .milliseconds(now)) {
                    #expect(files[index].isComplete, "seed \(seed)")
                    #expect(now - files[index].changedAt >= 200, "seed \(seed)")
                    taken[index, default: 0] += 1
                    files[index].exists = false
                    tracker.forget(due)
                }
            }
        }

        for _ in 0..<400 {
            now += Int.random(in: 0..<150, using: &random)
            let index = Int.random(in: files.indices, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0...3 where files[index].exists && !files[index].isComplete:
                files[index].version += 1
                files[index].changedAt = now
                // The event may be lost.
                if Bool.random(using: &random) { saw(index, isTouched: true) }
            case 4 where files[index].exists && !files[index].isComplete:
                files[index].version += 1
                files[index].isComplete = true
                files[index].changedAt = now
                if Bool.random(using: &random) { saw(index, isTouched: true) }
            case 5: for index in files.indices { saw(index, isTouched: false) }
            default: serve()
            }
        }
        // In the end everything is written, and a scan shows it.
        for index in files.indices where files[index].exists && !files[index].isComplete {
            files[index].version += 1
            files[index].isComplete = true
            files[index].changedAt = now
        }
        for index in files.indices { saw(index, isTouched: false) }
        for _ in 0..<1000 {
            guard let next = tracker.nextLook() else { break }
            now = max(now, Int(next / .milliseconds(1)) + 1)
            serve()
        }
        #expect(taken == Dictionary(uniqueKeysWithValues: files.indices.map { ($0, 1) }), "seed \(seed)")
        #expect(tracker.count == 0, "seed \(seed)")
    }
}
