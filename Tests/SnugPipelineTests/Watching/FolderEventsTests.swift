// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

@Suite("Folder changes")
struct FolderChangesTests {
    @Test("A path is remembered once, however often it changes")
    func coalesces() {
        var changes = FolderChanges(bound: 10)
        for _ in 0..<1000 { changes.insert(file: RelativePath("a")) }
        #expect(changes.files.count == 1 && !changes.needsScan)
    }

    @Test("Beyond the bound everything is to be scanned, in the memory of nothing")
    func bounded() {
        var changes = FolderChanges(bound: 10)
        for index in 0..<1000 { changes.insert(file: RelativePath("\(index)")) }
        #expect(changes.needsScan && changes.files.isEmpty && changes.folders.isEmpty)
        #expect(changes.take().needsScan)
        #expect(changes.isEmpty)
    }
}

@Suite("Folder events", .timeLimit(.minutes(2)))
struct FolderEventsTests {
    /// Collects changes until they are as expected.
    private func changes(
        _ subscription: FolderEvents.Subscription, until isEnough: (Set<RelativePath>, Set<RelativePath>, Bool) -> Bool
    ) async -> (files: Set<RelativePath>, folders: Set<RelativePath>, needsScan: Bool) {
        var (files, folders, needsScan) = (Set<RelativePath>(), Set<RelativePath>(), false)
        while true {
            let changes = subscription.take()
            files.formUnion(changes.files)
            folders.formUnion(changes.folders)
            needsScan = needsScan || changes.needsScan
            if isEnough(files, folders, needsScan) { return (files, folders, needsScan) }
            await subscription.changed.wait()
        }
    }

    @Test("Files that are written, moved in or linked are named; hidden ones are not")
    func files() async throws {
        let folder = try TemporaryFolder()
        let elsewhere = try TemporaryFolder()
        let events = try FolderEvents()
        let subscription = events.subscribe(to: folder.path)
        try subscription.watch(.root)
        try folder.write([1], to: ".hidden")
        try folder.write([1], to: "written")
        try FileSystem.rename(try elsewhere.write([1], to: "x"), folder.path.appending("moved"))
        try FileSystem.link(folder.path.appending("written"), folder.path.appending("linked"))
        let wanted: Set = [RelativePath("written"), RelativePath("moved"), RelativePath("linked")]
        let seen = await changes(subscription) { files, _, _ in files.isSuperset(of: wanted) }
        #expect(seen.files == wanted)
    }

    @Test("A folder that is moved in is to be walked, and one that is moved away is no longer watched")
    func folders() async throws {
        let folder = try TemporaryFolder()
        let elsewhere = try TemporaryFolder()
        try elsewhere.write([1], to: "sub/a")
        let events = try FolderEvents()
        let subscription = events.subscribe(to: folder.path)
        try subscription.watch(.root)
        try FileSystem.rename(elsewhere.path.appending("sub"), folder.path.appending("sub"))
        let seen = await changes(subscription) { _, folders, _ in !folders.isEmpty }
        #expect(seen.folders == [RelativePath("sub")])
        try subscription.watch(RelativePath("sub"))
        #expect(subscription.watchCount == 2)
        try FileSystem.rename(folder.path.appending("sub"), elsewhere.path.appending("sub"))
        // The next event shows that the one before was read.
        try folder.write([1], to: "mark")
        _ = await changes(subscription) { files, _, _ in files.contains(RelativePath("mark")) }
        #expect(subscription.watchCount == 1)
        try elsewhere.write([1], to: "sub/b")
        try folder.write([1], to: "end")
        let later = await changes(subscription) { files, _, _ in files.contains(RelativePath("end")) }
        #expect(!later.files.contains(RelativePath("sub/b")))
    }

    @Test("A full queue is counted, and everything is to be scanned")
    func queueOverflowIsNotSwallowed() async throws {
        let (one, two) = (try TemporaryFolder(), try TemporaryFolder())
        let events = try FolderEvents()
        let subscriptions = [events.subscribe(to: one.path), events.subscribe(to: two.path)]
        events.core.accept([Inotify.Event(watch: -1, kinds: .overflow)])
        #expect(events.overflowCount == 1)
        #expect(subscriptions.allSatisfy { $0.take().needsScan })
    }

    @Test("A test file proves that events arrive, and is gone afterwards")
    func probe() async throws {
        let folder = try TemporaryFolder()
        let events = try FolderEvents()
        let subscription = events.subscribe(to: folder.path)
        try subscription.watch(.root)
        #expect(await subscription.probe() == nil)
        #expect(folder.files().isEmpty && subscription.take().isEmpty)
    }

    @Test("Events that never come are found out")
    func eventsThatNeverCome() async throws {
        let folder = try TemporaryFolder()
        let events = try FolderEvents()
        // Without a watch nothing arrives, as on a file system that has no events.
        let subscription = events.subscribe(to: folder.path)
        #expect(await subscription.probe(timeout: .milliseconds(50)) == .noEventsArrived)
        #expect(folder.files().isEmpty)
    }

    @Test("A folder that nobody can write cannot be proved")
    func cannotProbe() async throws {
        let events = try FolderEvents()
        let subscription = events.subscribe(to: "/proc")
        guard case .cannotProbe = await subscription.probe(timeout: .milliseconds(50)) else {
            Issue.record("a file was created in /proc")
            return
        }
    }

    @Test("Exhausted watches name what is needed, the limit and the command that raises it")
    func exhaustedWatches() {
        let mode = WatchMode.polling(.watchesExhausted(needed: 12_000, limit: 8192))
        #expect(mode.description.contains("needs 12000 watches"))
        #expect(mode.description.contains("8192"))
        #expect(mode.description.contains("sysctl fs.inotify.max_user_watches=32768"))
    }
}
