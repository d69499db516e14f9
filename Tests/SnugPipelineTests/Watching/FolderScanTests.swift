// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

@Suite("A folder scan")
struct FolderScanTests {
    private func names(_ report: ScanReport) -> Set<String> { Set(report.files.map(\.path.description)) }

    @Test("Regular files are found, in subfolders too; everything else is counted and left alone")
    func kinds() throws {
        let folder = try TemporaryFolder()
        for name in [
            "a.jpg", "sub/deep/b.png", "c.jpg.part", "a.jpg.json", ".hidden.jpg", ".snug-work/d.jpg", ".git/e.jpg",
        ] {
            try folder.write([1], to: name)
        }
        try folder.makeLink("link.jpg", to: "a.jpg")
        try folder.makeLink("environment", to: "/proc/self")
        try folder.makePipe("pipe.jpg")
        let report = try FolderScan(root: folder.path).run(comparedWith: InMemoryKnownFiles())
        #expect(names(report) == ["a.jpg", "sub/deep/b.png", "c.jpg.part"])
        #expect(report.skipped == [.hidden: 3, .link: 2, .special: 1, .sidecar: 1])
        #expect(report.folderCount == 3 && report.fileCount == 3 && !report.isPartial)
    }

    @Test("Names with line breaks and invalid UTF-8 are found as they are")
    func names() throws {
        let folder = try TemporaryFolder()
        let names: [[UInt8]] = [Array("new\nline.jpg".utf8), [0xFF, 0xFE] + Array(".jpg".utf8), Array("-rf.jpg".utf8)]
        for name in names { try folder.write([1], toName: name) }
        let report = try FolderScan(root: folder.path).run(comparedWith: InMemoryKnownFiles())
        #expect(Set(report.files.map(\.path.bytes)) == Set(names))
        let paths = report.files.map(\.path)
        #expect(try FolderScan(root: folder.path).versions(of: paths).allSatisfy { $0 != nil })
    }

    @Test("Every scan compares with what is known: a known file is new again once it changes, or has another name")
    func known() throws {
        let folder = try TemporaryFolder()
        let known = InMemoryKnownFiles()
        try folder.write([1], to: "a.jpg")
        let scan = FolderScan(root: folder.path)
        for file in try scan.run(comparedWith: known).files { known.settle(file, in: folder.path) }
        let second = try scan.run(comparedWith: known)
        #expect(second.files.isEmpty && second.settledCount == 1 && second.fileCount == 1)
        try folder.write([1, 2], to: "a.jpg")
        #expect(names(try scan.run(comparedWith: known)) == ["a.jpg"])
        for file in try scan.run(comparedWith: known).files { known.settle(file, in: folder.path) }
        _ = unsafe link(folder.path.appending("a.jpg").string, folder.path.appending("b.jpg").string)
        #expect(names(try scan.run(comparedWith: known)).contains("b.jpg"))
    }

    @Test("Files dated long ago or far ahead are ordinary", arguments: [-315_619_200, 4_102_444_800])
    func odd(seconds: Int) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([1], to: "a.jpg")
        let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        #expect(unsafe utimensat(AT_FDCWD, path.string, times, 0) == 0)
        #expect(try FolderScan(root: folder.path).run(comparedWith: InMemoryKnownFiles()).files.count == 1)
    }

    @Test("More files than there is room for make the scan partial, not the memory large")
    func partial() throws {
        let folder = try TemporaryFolder()
        for index in 0..<50 { try folder.write([1], to: "\(index).jpg") }
        let report = try FolderScan(root: folder.path).run(comparedWith: InMemoryKnownFiles(), capacity: 20)
        #expect(report.files.count == 20 && report.isPartial)
    }

    @Test("A folder is watched before it is listed")
    func watchedFirst() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "sub/a.jpg")
        let report = try FolderScan(root: folder.path).run(
            comparedWith: InMemoryKnownFiles(),
            watching: { path in
                // What comes between watching and listing is in the list.
                _ = try? folder.write([1], to: path == .root ? "late.jpg" : "sub/late.jpg")
            })
        #expect(names(report) == ["late.jpg", "sub/a.jpg", "sub/late.jpg"])
    }

    @Test("A folder that cannot be read is named, and the rest is scanned")
    func unreadable() async throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "a.jpg")
        try folder.write([1], to: "secret/b.jpg")
        for (name, mode) in [("", 0o755), ("secret", 0o000)] {
            _ = unsafe chmod(folder.path.appending(name).string, mode_t(mode))
        }
        let path = folder.path
        let report = try await onThread(asNobody: true) {
            return try FolderScan(root: path).run(comparedWith: InMemoryKnownFiles())
        }
        _ = unsafe chmod(folder.path.appending("secret").string, 0o755)
        #expect(names(report) == ["a.jpg"])
        #expect(report.failures.map(\.0) == [RelativePath("secret")] && report.failures.map(\.1) == [.permissionDenied])
    }

    @Test("A folder that is not there is an error, not an empty folder")
    func missing() throws {
        let scan = FolderScan(root: "/there/is/no/such")
        #expect(throws: Errno.noSuchFileOrDirectory) { try scan.run(comparedWith: InMemoryKnownFiles()) }
    }

    @Test("A changed folder shows in its stamp")
    func stamps() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "sub/a.jpg")
        let scan = FolderScan(root: folder.path)
        let stamps = try scan.run(comparedWith: InMemoryKnownFiles()).stamps
        #expect(!scan.hasChanged(since: stamps))
        try folder.write([1], to: "sub/b.jpg")
        #expect(scan.hasChanged(since: stamps))
    }
}

@Suite("A folder's presence")
struct FolderPresenceTests {
    private static func identity(device: UInt64) throws -> FileIdentity {
        var identity = try FileIdentity(of: "/", followsLinks: true)
        identity.device = device
        return identity
    }

    @Test("A mount point without its file system is waited for, and never means that all is gone")
    func notMounted() throws {
        let mounted = FolderPlace(device: 7, inode: 2, isMountPoint: true)
        let (own, parent) = (try Self.identity(device: 1), try Self.identity(device: 1))
        #expect(FolderPresence(own, parent: parent, remembered: mounted) == .notMounted)
    }

    @Test("A file system that comes back under another number is the same")
    func otherNumber() throws {
        let remembered = FolderPlace(device: 7, inode: 2, isMountPoint: true)
        let presence = FolderPresence(
            try Self.identity(device: 9), parent: try Self.identity(device: 1), remembered: remembered)
        guard case .present(let place) = presence else {
            Issue.record("\(presence)")
            return
        }
        #expect(place.isMountPoint && place.device == 9)
    }

    @Test("A folder that is not there is absent")
    func absent() {
        #expect(FolderPresence(of: "/there/is/no/such", remembered: nil) == .absent(.noSuchFileOrDirectory))
    }
}
