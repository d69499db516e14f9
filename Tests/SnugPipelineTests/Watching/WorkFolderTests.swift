// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// The folder that tells a restart what was taken from where.
@Suite struct WorkFolderTests {
    private let folder: TemporaryFolder
    private let work: WorkFolder
    private let id = IntakeID.random()

    init() throws {
        folder = try TemporaryFolder()
        work = WorkFolder(path: folder.path)
    }

    @Test("A file is told with its place in the inbox, and with its sidecar")
    func file() throws {
        try folder.write([1], to: "\(id)/holidays/2026/a.jpg")
        try folder.write([1], to: "\(id)/holidays/2026/a.jpg.json")
        let file = try #require(work.file(of: id))
        #expect(file.original == RelativePath("holidays/2026/a.jpg") && file.isMoved && file.id == id)
        #expect(file.path == folder.path.appending("\(id)/holidays/2026/a.jpg"))
        #expect(file.sidecar == folder.path.appending("\(id)/holidays/2026/a.jpg.json"))
        #expect(work.file(of: .random()) == nil)
    }

    @Test(
        "Temporary files, links, pipes and folders without a file are no taken files",
        arguments: [".snug-d1-x", "link.jpg", "pipe.jpg", "empty/folder"])
    func others(name: String) throws {
        let place = folder.path.appending(id.text)
        try FileSystem.makeFolders(place)
        switch name {
        case "link.jpg": try folder.makeLink("\(id)/\(name)", to: "/etc/hostname")
        case "pipe.jpg": try folder.makePipe("\(id)/\(name)")
        case "empty/folder": try FileSystem.makeFolders(place.appending(name))
        default: try folder.write([1], to: "\(id)/\(name)")
        }
        #expect(work.file(of: id) == nil)
        #expect(try work.contents().isEmpty && work.orphanedSidecars().isEmpty)
    }

    @Test("Files beside the folders of identifiers are nobody's, and stay")
    func foreign() throws {
        for name in ["a.jpg", "not an id/a.jpg", "\(id)x/a.jpg"] { try folder.write([1], to: name) }
        #expect(try work.contents().isEmpty && work.orphanedSidecars().isEmpty)
        #expect(folder.files().count == 3)
    }

    @Test("A sidecar alone is an orphan; one beside its file, or two of them, are not")
    func orphans() throws {
        let (beside, two) = (IntakeID.random(), IntakeID.random())
        try folder.write([1], to: "\(id)/sub/a.jpg.json")
        for name in ["\(beside)/b.jpg", "\(beside)/b.jpg.json", "\(two)/c.json", "\(two)/d.json"] {
            try folder.write([1], to: name)
        }
        let found = try work.orphanedSidecars()
        #expect(found.map(\.id) == [id] && found.map(\.sidecar) == [RelativePath("sub/a.jpg.json")])
        #expect(try work.contents().map(\.id) == [beside])
    }

    @Test("Files that were taken together are all told, each with its own sidecar")
    func together() throws {
        for name in ["sub/a.jpg", "sub/a.jpg.json", "sub/b.jpg", "c.jpg", "c.jpg.json", "other/d.jpg"] {
            try folder.write([1], to: "\(id)/\(name)")
        }
        let files = try work.contents()
        #expect(Set(files.map(\.original.description)) == ["sub/a.jpg", "sub/b.jpg", "c.jpg", "other/d.jpg"])
        #expect(files.allSatisfy { $0.id == id && $0.isMoved && FileSystem.isFile($0.path) })
        let sidecars = files.compactMap { file in file.sidecar.map { (file.original.description, $0) } }
        #expect(sidecars.count == 2 && sidecars.allSatisfy { $1.string.hasSuffix("\($0).json") })
        #expect(try work.orphanedSidecars().isEmpty)
        for file in files {
            #expect(work.file(of: id, from: file.original) == file)
        }
    }

    @Test("A sidecar whose file was not taken any more is an orphan, also among files that were")
    func orphanAmongOthers() throws {
        for name in ["a.jpg", "a.jpg.json", "sub/b.jpg.json"] { try folder.write([1], to: "\(id)/\(name)") }
        let found = try work.orphanedSidecars()
        #expect(found.map(\.id) == [id] && found.map(\.sidecar) == [RelativePath("sub/b.jpg.json")])
        #expect(try work.contents().map(\.original) == [RelativePath("a.jpg")])
    }

    @Test("The folders of files that were taken together go with the last of them")
    func removingTogether() throws {
        for name in ["a/b/x.jpg", "a/y.jpg"] { try folder.write([1], to: "\(id)/\(name)") }
        try FileSystem.remove(folder.path.appending("\(id)/a/b/x.jpg"))
        work.removeFolders(of: RelativePath("a/b/x.jpg"), id: id)
        #expect(folder.files() == ["\(id)/a/y.jpg"] && !FileSystem.isFolder(folder.path.appending("\(id)/a/b")))
        try FileSystem.remove(folder.path.appending("\(id)/a/y.jpg"))
        // Twice, as after a crash.
        for _ in 0..<2 { work.removeFolders(of: RelativePath("a/y.jpg"), id: id) }
        #expect(try FolderListing.names(in: folder.path).isEmpty)
    }

    @Test("A folder is removed upwards as far as nothing is in it")
    func removing() throws {
        try folder.write([1], to: "\(id)/a/kept.jpg")
        try FileSystem.makeFolders(folder.path.appending("\(id)/a/b/c"))
        work.removeFolders(of: RelativePath("a/b/c/x.jpg"), id: id)
        #expect(folder.files() == ["\(id)/a/kept.jpg"])
        #expect(!FileSystem.isFolder(folder.path.appending("\(id)/a/b")))
        try FileSystem.remove(folder.path.appending("\(id)/a/kept.jpg"))
        work.removeFolders(of: RelativePath("a/x.jpg"), id: id)
        #expect(try FolderListing.names(in: folder.path).isEmpty)
    }

    @Test("Folders without files that a killed process left are removed, and nothing else is")
    func emptyFolders() throws {
        let kept = IntakeID.random()
        try folder.write([1], to: "\(kept)/a/b.jpg")
        try FileSystem.makeFolders(folder.path.appending("\(kept)/empty"))
        for path in ["\(id)/a/b", "\(IntakeID.random())", "no identifier"] {
            try FileSystem.makeFolders(folder.path.appending(path))
        }
        let linked = IntakeID.random()
        try FileSystem.makeFolders(folder.path.appending(linked.text))
        try folder.makeLink("\(linked)/link", to: "/etc")
        work.removeEmptyFolders()
        #expect(FileSystem.isFolder(folder.path.appending(id.text)))
        work.removeEmptyFolders(minimumAge: -60)
        let names = try FolderListing.names(in: folder.path).map { String(decoding: $0, as: UTF8.self) }
        #expect(Set(names) == [kept.text, "no identifier", linked.text])
        #expect(folder.files().contains("\(kept)/a/b.jpg"))
    }

    @Test(
        "In an inbox on another file system that cannot be written, files are copied to the preferred place",
        .enabled(if: TwoFileSystems.areThere))
    func readOnlyInbox() async throws {
        let inbox = try TemporaryFolder(in: TwoFileSystems.second)
        let preferred = folder.path.appending("work")
        try FileSystem.makeFolders(preferred)
        for path in [folder.path, inbox.path] { #expect(unsafe chmod(path.string, 0o755) == 0) }
        let root = inbox.path
        let chosen = try await onThread(asNobody: true) {
            try WorkFolder.choose(for: root, preferring: preferred)
        }
        #expect(chosen.path == preferred)
        #expect(
            try WorkFolder.choose(for: root, preferring: preferred).path == root.appending(".snug-work"))
    }

    @Test("An inbox that is not there has no work folder yet: the reason is the system's")
    func missing() {
        let preferred = folder.path.appending("work")
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try WorkFolder.choose(for: folder.path.appending("missing"), preferring: preferred)
        }
    }
}
