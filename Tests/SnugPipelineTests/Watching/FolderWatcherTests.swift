// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Each test is named after a way in which other watchers lose or repeat files.
@Suite("A folder watcher", .timeLimit(.minutes(3)))
struct FolderWatcherTests {
    private static let half = Array(WatchImages.jpeg.prefix(WatchImages.jpeg.count / 2))

    @Test("Files are taken that were there before, and that come later; in subfolders too", arguments: [false, true])
    func takesFiles(polling: Bool) async throws {
        let fixture = try WatchFixture(polling: polling)
        try fixture.folder.write(WatchImages.jpeg, to: "before.jpg")
        try await fixture.whileWatching { fixture in
            await fixture.waitForTakings(1)
            try fixture.folder.write(WatchImages.png, to: "sub/later.png")
            await fixture.waitForTakings(2)
        }
        #expect(fixture.taken == ["before.jpg": [WatchImages.jpeg], "sub/later.png": [WatchImages.png]])
        #expect(fixture.folder.files().isEmpty)
        #expect(fixture.watcher.status.mode == (polling ? .polling(.requested) : .events))
    }

    @Test("Taken while being written: a file that is quiet but cut is not taken, at the start neither")
    func takenWhileBeingWritten() async throws {
        let fixture = try WatchFixture()
        try fixture.folder.write(Self.half, to: "a.jpg")
        try await fixture.whileWatching { fixture in
            try await fixture.wait { $0.waitingFiles.map(\.path.description) == ["a.jpg"] }
            #expect(fixture.watcher.status.waitingFiles.first?.reason.contains("JPEG ends") == true)
            #expect(fixture.taken.isEmpty)
            try fixture.folder.write(WatchImages.jpeg, to: "a.jpg")
            await fixture.waitForTakings(1)
        }
        #expect(fixture.taken == ["a.jpg": [WatchImages.jpeg]])
    }

    @Test("Unstable once, ignored for ever: a waiting file is looked at again without any event")
    func unstableOnceIsIgnoredForever() async throws {
        let fixture = try WatchFixture()
        try fixture.folder.write(Self.half, to: "a.jpg")
        try await fixture.whileWatching { fixture in
            try await fixture.wait { $0.waitingFiles.count == 1 }
            let file = try FileDescriptor.opening(fixture.folder.path.appending("a.jpg"), .readWrite, options: .append)
            try file.writeBytes(WatchImages.jpeg.dropFirst(Self.half.count))
            // No event so far: the file stays open, and writing alone is none.
            try await Task.sleep(for: .milliseconds(100))
            try file.close()
            await fixture.waitForTakings(1)
        }
        #expect(fixture.taken == ["a.jpg": [WatchImages.jpeg]])
    }

    @Test("Given up after its patience, and taken when a longer file comes under the name")
    func truncatedThenWhole() async throws {
        let fixture = try WatchFixture(patience: .milliseconds(500))
        try fixture.folder.write(Self.half, to: "a.jpg")
        try await fixture.whileWatching { fixture in
            try await fixture.wait { $0.givenUpCount == 1 }
            #expect(fixture.failed["a.jpg"]?.code == .incomplete)
            try fixture.folder.write(WatchImages.jpeg, to: "a.jpg")
            await fixture.waitForTakings(1)
        }
        #expect(fixture.taken == ["a.jpg": [WatchImages.jpeg]])
        #expect(fixture.watcher.status.givenUpCount == 1)
    }

    @Test("The same file many times: events during and after the taking queue nothing twice")
    func sameFileQueuedManyTimes() async throws {
        let fixture = try WatchFixture(leaves: true)
        try fixture.folder.write(WatchImages.jpeg, to: "a.jpg")
        try await fixture.whileWatching { fixture in
            await fixture.waitForTakings(1)
            // Opened for writing and closed without a change: an event, and nothing new.
            for _ in 0..<5 {
                try FileDescriptor.opening(fixture.folder.path.appending("a.jpg"), .readWrite).close()
                try await Task.sleep(for: .milliseconds(100))
            }
            try fixture.folder.write(WatchImages.png, to: "b.png")
            await fixture.waitForTakings(2)
        }
        #expect(fixture.taken == ["a.jpg": [WatchImages.jpeg], "b.png": [WatchImages.png]])
    }

    @Test("A source left in place is not processed again by a restart, and is when it changes")
    func sourceLeftInPlace() async throws {
        let fixture = try WatchFixture(leaves: true)
        try fixture.folder.write(WatchImages.jpeg, to: "a.jpg")
        try await fixture.whileWatching { await $0.waitForTakings(1) }
        // The watcher is another one, what is known is not.
        try await fixture.watcher.runOnce { files in await fixture.take(files) }
        #expect(fixture.taken["a.jpg"]?.count == 1)
        try fixture.folder.write(WatchImages.png, to: "a.jpg")
        try await fixture.watcher.runOnce { files in await fixture.take(files) }
        #expect(fixture.taken == ["a.jpg": [WatchImages.jpeg, WatchImages.png]])
    }

    @Test("A folder with files moved in: the files that are in it already are seen")
    func folderMovedIn() async throws {
        let fixture = try WatchFixture()
        let elsewhere = try TemporaryFolder()
        for index in 0..<20 { try elsewhere.write(WatchImages.small(index), to: "sub/deep/\(index).jpg") }
        try await fixture.whileWatching { fixture in
            try await fixture.wait { $0.scanCount == 1 }
            try FileSystem.rename(elsewhere.path.appending("sub"), fixture.folder.path.appending("sub"))
            await fixture.waitForTakings(20)
            // And it is watched from now on.
            try fixture.folder.write(WatchImages.jpeg, to: "sub/deep/late.jpg")
            await fixture.waitForTakings(21)
        }
        #expect(fixture.taken.values.allSatisfy { $0.count == 1 } && fixture.taken.count == 21)
    }

    @Test("A full disk passes: a file that cannot be taken is tried again, and counts as waiting")
    func faultsOfTheSurroundingsPass() async throws {
        let fixture = try WatchFixture()
        try fixture.folder.write(WatchImages.jpeg, to: "a.jpg")
        let attempts = AttemptCounter()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await fixture.watcher.run { files in
                    if attempts.next() <= 2 { return files.map { _ in .postponed("No space left on device") } }
                    return await fixture.take(files)
                }
            }
            await fixture.waitForTakings(1)
            group.cancelAll()
        }
        #expect(attempts.count == 3 && fixture.taken == ["a.jpg": [WatchImages.jpeg]])
    }

    @Test("Mount not there yet: a folder that is missing is waited for, and taken up when it comes")
    func folderNotThereYet() async throws {
        let fixture = try WatchFixture()
        let away = try TemporaryFolder()
        try fixture.folder.write(WatchImages.jpeg, to: "a.jpg")
        try FileSystem.rename(fixture.folder.path, away.path.appending("inbox"))
        try await fixture.whileWatching { fixture in
            try await fixture.wait { $0.presence == .absent(.noSuchFileOrDirectory) }
            try FileSystem.rename(away.path.appending("inbox"), fixture.folder.path)
            await fixture.waitForTakings(1)
            try fixture.folder.write(WatchImages.png, to: "b.png")
            await fixture.waitForTakings(2)
        }
        #expect(fixture.watcher.status.mode == .events)
    }

    @Test("A folder that is replaced is watched anew")
    func folderReplaced() async throws {
        let fixture = try WatchFixture()
        let away = try TemporaryFolder()
        try await fixture.whileWatching { fixture in
            try await fixture.wait { $0.scanCount == 1 }
            try FileSystem.rename(fixture.folder.path, away.path.appending("old"))
            try FileSystem.makeFolder(fixture.folder.path)
            try fixture.folder.write(WatchImages.jpeg, to: "a.jpg")
            await fixture.waitForTakings(1)
            try fixture.folder.write(WatchImages.png, to: "b.png")
            await fixture.waitForTakings(2)
        }
    }

    @Test("Unknown temporary endings: an unfinished file under any name waits for its end")
    func unknownTemporaryEndings() async throws {
        let fixture = try WatchFixture()
        try fixture.folder.write(Self.half, to: "a.jpg.tacitpart2")
        try await fixture.whileWatching { fixture in
            try await fixture.wait { $0.waitingFiles.count == 1 }
            let unfinished = fixture.folder.path.appending("a.jpg.tacitpart2")
            let file = try FileDescriptor.opening(unfinished, .writeOnly, options: .append)
            try file.writeBytes(WatchImages.jpeg.dropFirst(Self.half.count))
            try file.close()
            try FileSystem.rename(unfinished, fixture.folder.path.appending("a.jpg"))
            await fixture.waitForTakings(1)
        }
        #expect(fixture.taken == ["a.jpg": [WatchImages.jpeg]])
    }

    @Test("A sidecar that is being written holds its file back")
    func unfinishedSidecar() async throws {
        let fixture = try WatchFixture()
        try fixture.folder.write(Array("{\"prompt\": \"a ho".utf8), to: "a.jpg.json")
        try fixture.folder.write(WatchImages.jpeg, to: "a.jpg")
        try await fixture.whileWatching { fixture in
            try await fixture.wait { $0.waitingFiles.first?.reason.contains("sidecar") == true }
            try fixture.folder.write(Array("{\"prompt\": \"a horse\"}".utf8), to: "a.jpg.json")
            await fixture.waitForTakings(1)
        }
        #expect(fixture.folder.files().isEmpty)
    }

    @Test("Once: what is there is taken, and what waits for somebody else is left")
    func once() async throws {
        let fixture = try WatchFixture()
        try fixture.folder.write(WatchImages.jpeg, to: "a.jpg")
        try fixture.folder.write(Self.half, to: "b.jpg")
        try await fixture.watcher.runOnce { files in await fixture.take(files) }
        #expect(fixture.taken == ["a.jpg": [WatchImages.jpeg]])
        #expect(fixture.folder.files() == ["b.jpg"])
        #expect(fixture.watcher.status.waitingCount == 1)
    }
}
