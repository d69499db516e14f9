// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// What watchers of other programs do to their users, one test for each class.
@Suite("Hazards of watching", .timeLimit(.minutes(5)))
struct WatchHazardTests {
    @Test("Watches exhausted: the folder is polled, the message names the remedy, and no file is missed")
    func exhausted() async throws {
        let fixture = try WatchFixture(maximumWatches: 2)
        for name in ["one", "two", "three"] { try fixture.folder.write(WatchImages.small(1), to: "\(name)/a.jpg") }
        try await fixture.whileWatching { fixture in
            await fixture.waitForTakings(3)
            try fixture.folder.write(WatchImages.small(2), to: "three/b.jpg")
            await fixture.waitForTakings(4)
        }
        guard case .polling(.watchesExhausted(let needed, _))? = fixture.watcher.status.mode else {
            Issue.record("\(String(describing: fixture.watcher.status.mode))")
            return
        }
        #expect(needed == 4)
        let message = fixture.watcher.status.mode?.description ?? ""
        #expect(message.contains("needs 4 watches") && message.contains("sysctl fs.inotify.max_user_watches="))
        // A part of the watches would help nobody, and others need them.
        #expect(fixture.events.core.allWatchCount == 0)
    }

    @Test("No watch at all: what is there is taken by polling all the same")
    func noWatch() async throws {
        let fixture = try WatchFixture(maximumWatches: 0)
        try await fixture.whileWatching { fixture in
            try await fixture.wait { $0.scanCount >= 1 }
            try fixture.folder.write(WatchImages.small(1), to: "sub/a.jpg")
            await fixture.waitForTakings(1)
        }
        #expect(fixture.watcher.status.mode?.description.hasPrefix("polling: the folder needs 1 watches") == true)
    }

    @Test("Events that get lost without a word: the regular scan finds the file")
    func lostEvents() async throws {
        let fixture = try WatchFixture(scanInterval: .milliseconds(300))
        try await fixture.whileWatching { fixture in
            try await fixture.wait { $0.mode == .events && $0.scanCount >= 1 }
            fixture.events.core.forgetWatches()
            try fixture.folder.write(WatchImages.small(1), to: "a.jpg")
            await fixture.waitForTakings(1)
        }
        #expect(fixture.watcher.status.overflowCount == 0)
    }

    @Test("Polling that burns a core: the next idle look waits in proportion to what the last one took")
    func idleShare() {
        var folder = WatchedFolder(root: "/in", idleShare: 0.001)
        // 30 ms of processor are a thousandth of 30 s.
        #expect(folder.pause(after: .milliseconds(30), atLeast: .seconds(5)) == .seconds(30))
        #expect(folder.pause(after: .milliseconds(1), atLeast: .seconds(5)) == .seconds(5))
        folder.idleShare = 0
        #expect(folder.pause(after: .seconds(30), atLeast: .seconds(5)) == .seconds(5))
    }

    @Test("Sockets, devices, pipes, links and folders under the names of images are left alone, and block nobody")
    func kinds() async throws {
        let fixture = try WatchFixture()
        try fixture.folder.makePipe("pipe.jpg")
        try fixture.folder.makeLink("link.jpg", to: "/etc/hostname")
        try fixture.folder.makeLink("nowhere.jpg", to: "/there/is/no/such")
        try fixture.folder.makeLink("loop.jpg", to: "loop.jpg")
        try fixture.folder.makeLink("up", to: "..")
        try FileSystem.makeFolders(fixture.folder.path.appending("folder.jpg"))
        let socket = try NotifySocket(fixture.folder.path.appending("socket.jpg").string)
        // /dev/zero, where the tests may make devices.
        let device = fixture.folder.path.appending("zero.jpg")
        let hasDevice = unsafe mknod(device.string, S_IFCHR | 0o600, 0x105) == 0
        try fixture.folder.write(WatchImages.small(1), to: "real.jpg")
        try await fixture.whileWatching { await $0.waitForTakings(1) }
        withExtendedLifetime(socket) {}
        #expect(fixture.taken.keys.sorted() == ["real.jpg"])
        #expect(fixture.watcher.status.skipped[.special] == (hasDevice ? 3 : 2))
        #expect(fixture.watcher.status.skipped[.link] == 4)
    }

    @Test("A hard link: both names are taken, and each is whole")
    func hardLink() async throws {
        let fixture = try WatchFixture()
        let bytes = WatchImages.small(1)
        try fixture.folder.write(bytes, to: "a.jpg")
        let (name, other) = (fixture.folder.path.appending("a.jpg"), fixture.folder.path.appending("b.jpg"))
        let isLinked = unsafe link(name.string, other.string) == 0
        #expect(isLinked)
        try await fixture.whileWatching { await $0.waitForTakings(2) }
        #expect(fixture.taken == ["a.jpg": [bytes], "b.jpg": [bytes]])
    }

    @Test("Permission granted later: a file that cannot be read waits, and is taken once it can")
    func permission() async throws {
        let fixture = try WatchFixture()
        let path = try fixture.folder.write(WatchImages.small(1), to: "a.jpg")
        let isClosed = unsafe chmod(path.string, 0) == 0
        #expect(isClosed)
        // Whoever may read everything is not refused.
        let isRefused = (try? FileDescriptor.contents(of: path)) == nil
        try await fixture.whileWatching { fixture in
            if isRefused { try await fixture.wait { !$0.waitingFiles.isEmpty } }
            let isOpen = unsafe chmod(path.string, 0o644) == 0
            #expect(isOpen)
            await fixture.waitForTakings(1)
        }
        #expect(fixture.failed.isEmpty)
    }

    @Test("A folder that is not watched below is watched itself")
    func notRecursive() async throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "a.jpg")
        try folder.write([1], to: "sub/b.jpg")
        let scan = FolderScan(root: folder.path, rules: WatchRules(isRecursive: false))
        let report = try scan.run(comparedWith: InMemoryKnownFiles())
        #expect(report.files.map(\.path) == [RelativePath("a.jpg")])
    }
}
