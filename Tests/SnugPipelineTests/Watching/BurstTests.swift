// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugPipeline
@testable import SnugSystem

@Suite("Many files at once", .timeLimit(.minutes(5)))
struct BurstTests {
    private func drop(_ count: Int, into folder: TemporaryFolder) throws {
        for index in 0..<count { try folder.write(WatchImages.small(index), to: "\(index % 10)/\(index).jpg") }
    }

    @Test("Large bursts lose nothing: 10,000 files while it runs, each taken once", arguments: [8192, 50])
    func burst(maximumChanges: Int) async throws {
        let fixture = try WatchFixture(maximumChanges: maximumChanges)
        try await fixture.whileWatching { fixture in
            try await fixture.wait { $0.scanCount == 1 }
            try drop(10_000, into: fixture.folder)
            await fixture.waitForTakings(10_000)
        }
        #expect(fixture.taken.count == 10_000 && fixture.taken.values.allSatisfy { $0.count == 1 })
        #expect(fixture.folder.files().isEmpty)
    }

    @Test("More files than can be waited for are taken in turns, in the memory of a few")
    func inTurns() async throws {
        let fixture = try WatchFixture(maximumCandidates: 100)
        try drop(1000, into: fixture.folder)
        try await fixture.whileWatching { await $0.waitForTakings(1000) }
        #expect(fixture.taken.count == 1000 && fixture.taken.values.allSatisfy { $0.count == 1 })
    }

    @Test("A queue that overflowed loses nothing")
    func overflow() async throws {
        let fixture = try WatchFixture()
        try await fixture.whileWatching { fixture in
            try await fixture.wait { $0.scanCount == 1 }
            // Blind to what comes now, as when the queue is full; then told so.
            fixture.events.core.forgetWatches()
            try drop(200, into: fixture.folder)
            fixture.events.core.accept([Inotify.Event(watch: -1, kinds: .overflow)])
            await fixture.waitForTakings(200)
        }
        #expect(fixture.watcher.status.overflowCount == 1)
        #expect(fixture.taken.count == 200)
    }
}
