// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// The rules of a scan, single looks at files, and what is known of them.
@Suite struct FolderScanTableTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func scan(_ rules: WatchRules = WatchRules()) -> FolderScan {
        FolderScan(root: folder.path, rules: rules)
    }

    private func names(_ report: ScanReport) -> [String] {
        report.files.map(\.path.description).sorted()
    }

    @Test(
        "Without subfolders only the folder itself is walked, and its subfolders are not watched either"
    )
    func flat() throws {
        for name in ["a.jpg", "sub/b.jpg"] { try folder.write([1], to: name) }
        let visited = Mutex<[RelativePath]>([])
        let report = try scan(WatchRules(isRecursive: false)).run(
            comparedWith: InMemoryKnownFiles(), watching: { path in visited.withLock { $0.append(path) } }
        )
        #expect(
            names(report) == ["a.jpg"] && report.folderCount == 1 && visited.withLock { $0 } == [.root])
    }

    @Test(
        "A folder that is deeper than the rules allow is counted, and everything above it is found",
        arguments: 0...3)
    func depth(maximum: Int) throws {
        for name in ["0.jpg", "a/1.jpg", "a/b/2.jpg", "a/b/c/3.jpg"] { try folder.write([1], to: name) }
        let report = try scan(WatchRules(maximumDepth: maximum)).run(comparedWith: InMemoryKnownFiles())
        #expect(report.files.count == maximum + 1)
        #expect(report.skipped[.tooDeep] == (maximum < 3 ? 1 : nil))
    }

    @Test("A walk can begin below: its paths are those from the top")
    func below() throws {
        for name in ["a.jpg", "sub/b.jpg", "sub/deep/c.jpg"] { try folder.write([1], to: name) }
        let report = try scan().run(below: RelativePath("sub"), comparedWith: InMemoryKnownFiles())
        #expect(names(report) == ["sub/b.jpg", "sub/deep/c.jpg"])
        #expect(Set(report.stamps.keys) == [RelativePath("sub"), RelativePath("sub/deep")])
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try scan().run(below: RelativePath("missing"), comparedWith: InMemoryKnownFiles())
        }
    }

    @Test("A walk that is cancelled ends at the next folder")
    func cancelled() throws {
        for name in ["a/1.jpg", "b/2.jpg", "c/3.jpg"] { try folder.write([1], to: name) }
        let count = Mutex(0)
        #expect(throws: CancellationError.self) {
            try scan().run(
                comparedWith: InMemoryKnownFiles(), watching: { _ in count.withLock { $0 += 1 } },
                isCancelled: { count.withLock { $0 } == 2 })
        }
        #expect(count.withLock { $0 } == 2)
    }

    private struct Broken: KnownFiles {
        struct Trouble: Error {}
        func areSettled(_ files: [ScannedFile], in root: FilePath) throws -> [Bool] { throw Trouble() }
        func place(of root: FilePath) throws -> FolderPlace? { nil }
        func remember(_ place: FolderPlace, of root: FilePath) throws {}
    }

    @Test("A ledger that cannot be asked ends the walk: no file is taken for new, none for known")
    func brokenMemory() throws {
        try folder.write([1], to: "a.jpg")
        #expect(throws: Broken.Trouble.self) { try scan().run(comparedWith: Broken()) }
    }

    @Test(
        "More files than are looked up at once, known and new in turns: exactly the new ones are told",
        arguments: [false, true])
    func batches(hasRoom: Bool) throws {
        let known = InMemoryKnownFiles()
        for number in 0..<1100 { try folder.write([], to: "\(number).jpg") }
        for file in try scan().run(comparedWith: known).files where file.path.name.count == 7 {
            // Those of three digits.
            known.settle(file, in: folder.path)
        }
        let report = try scan().run(comparedWith: known, capacity: hasRoom ? 200 : 150)
        #expect(report.isPartial == !hasRoom && report.files.count == (hasRoom ? 200 : 150))
        #expect(report.files.allSatisfy { $0.path.name.count != 7 })
        if hasRoom { #expect(report.settledCount == 900 && report.fileCount == 1100) }
    }

    @Test("Single looks tell what is an input's name and a regular file, and nothing else")
    func versions() throws {
        let inputs = ["a.jpg", "b.jpg.part", "sub/c.jpg"]
        let others = [
            ".hidden.jpg", "a.jpg.json", ".snug-work/d.jpg", "sub/.x/e.jpg", "sub", "missing.jpg",
            "link.jpg", "pipe",
        ]
        for name in inputs + others.prefix(4) { try folder.write([1], to: name) }
        try folder.makeLink("link.jpg", to: "a.jpg")
        try folder.makeLink("outside", to: "/etc")
        try folder.makePipe("pipe")
        let paths = (inputs + others + ["outside/hostname"]).map { RelativePath($0) }
        let found = try scan().versions(of: paths)
        #expect(found.map { $0 != nil } == paths.indices.map { $0 < inputs.count })
        #expect(found[0]?.byteCount == 1)
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try FolderScan(root: "/there/is/no/such").versions(of: paths)
        }
    }

    @Test("A folder that is gone, or is another one under the name, has changed")
    func stamps() throws {
        for name in ["one/a.jpg", "two/b.jpg"] { try folder.write([1], to: name) }
        let stamps = try scan().run(comparedWith: InMemoryKnownFiles()).stamps
        #expect(stamps.count == 3 && !scan().hasChanged(since: stamps))
        #expect(FolderScan(root: "/there/is/no/such").hasChanged(since: stamps))
        let one = try #require(stamps[RelativePath("one")])
        #expect(scan().hasChanged(since: [RelativePath("two"): one]))
        #expect(
            scan().hasChanged(since: [RelativePath("three"): one]) && !scan().hasChanged(since: [:]))
    }

    @Test("Known files belong to their folder, their name and their version")
    func memory() {
        let known = InMemoryKnownFiles()
        func file(_ name: String, _ number: Int) -> ScannedFile {
            ScannedFile(path: RelativePath(name), version: SettleStory.version(number))
        }
        known.settle(file("a", 1), in: "/in")
        let files = [file("a", 1), file("a", 2), file("b", 1)]
        #expect(known.areSettled(files, in: "/in") == [true, false, false])
        #expect(known.areSettled(files, in: "/other") == [false, false, false])
        known.settle(file("a", 2), in: "/in")
        #expect(known.areSettled(files, in: "/in") == [false, true, false])
        let place = FolderPlace(device: 1, inode: 2, isMountPoint: true)
        known.remember(place, of: "/in")
        #expect(known.place(of: "/in") == place && known.place(of: "/other") == nil)
    }

    @Test("The whole way from a mount to its loss and back, as the folder's place is remembered")
    func presence() throws {
        var (inside, parent) = (
            try FileIdentity(of: "/", followsLinks: true), try FileIdentity(of: "/", followsLinks: true)
        )
        func look(_ device: UInt64, _ remembered: FolderPlace?) -> FolderPresence {
            (inside.device, parent.device) = (device, 1)
            return FolderPresence(inside, parent: parent, remembered: remembered)
        }
        func place(_ device: UInt64, mounted: Bool) -> FolderPlace {
            FolderPlace(device: device, inode: inside.inode, isMountPoint: mounted)
        }
        // Never seen: whatever is there is taken as it is.
        #expect(look(1, nil) == .present(place(1, mounted: false)))
        #expect(look(7, nil) == .present(place(7, mounted: true)))
        // A plain folder that becomes a mount point, and the mount that goes.
        #expect(look(7, place(1, mounted: false)) == .present(place(7, mounted: true)))
        #expect(look(1, place(7, mounted: true)) == .notMounted)
        #expect(look(9, place(7, mounted: true)) == .present(place(9, mounted: true)))
        #expect(look(1, place(1, mounted: false)) == .present(place(1, mounted: false)))
    }

    @Test(
        "The pause after a look is a thousand times its work, and never shorter than the setting",
        arguments: [(0, 5000), (1, 5000), (5, 5000), (6, 6000), (200, 200_000)])
    func pause(work: Int, expected: Int) {
        var watched = WatchedFolder(root: "/in")
        let pause = watched.pause(after: .milliseconds(work), atLeast: .seconds(5))
        #expect(abs(pause / .milliseconds(1) - Double(expected)) < 1)
        watched.idleShare = 0
        #expect(watched.pause(after: .milliseconds(work), atLeast: .seconds(5)) == .seconds(5))
    }
}
