// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Taking files while others do something with them.
@Suite struct IntakeHazardTests {
    private let folder: TemporaryFolder
    private let work: TemporaryFolder
    private let intake: Intake

    init() throws {
        folder = try TemporaryFolder()
        work = try TemporaryFolder()
        intake = Intake(root: folder.path, work: WorkFolder(path: work.path), movesSources: true)
    }

    private func scanned(_ name: [UInt8]) throws -> ScannedFile {
        let path = RelativePath(bytes: name)
        let identity = try FileIdentity(of: path.path(below: folder.path), followsLinks: false)
        return ScannedFile(path: path, version: FileVersion(identity))
    }

    private func scanned(_ name: String) throws -> ScannedFile { try scanned(Array(name.utf8)) }

    @Test("Two daemons cannot take one file: of many takers at once each file has one")
    func race() async throws {
        let names = (0..<12).map { "\($0).jpg" }
        for name in names { try folder.write(Array(name.utf8), to: name) }
        let (files, intake) = (try names.map { try scanned($0) }, intake)
        let taken = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await onThread {
                        try files.compactMap { file -> String? in
                            if case .taken(let taken) = try intake.take(file) {
                                taken.original.description
                            } else {
                                nil
                            }
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(taken.sorted() == names.sorted())
        #expect(folder.files() == [] && work.files().count == names.count)
        #expect(
            Set(try WorkFolder(path: work.path).contents().map(\.original.description)) == Set(names))
    }

    @Test("A file that is gone leaves nothing in the work folder, and its sidecar where it was")
    func gone() throws {
        try folder.write([1], to: "sub/a.jpg")
        try folder.write(Array("{}".utf8), to: "sub/a.jpg.json")
        let file = try scanned("sub/a.jpg")
        try FileSystem.remove(folder.path.appending("sub/a.jpg"))
        #expect(try intake.take(file) == .gone)
        #expect(folder.files() == ["sub/a.jpg.json"] && work.files() == [])
        #expect(try FolderListing.names(in: work.path).isEmpty)
    }

    @Test("A folder that became a link leads nowhere: nothing outside is taken")
    func folderLink() throws {
        try folder.write([1], to: "sub/a.jpg")
        let file = try scanned("sub/a.jpg")
        let outside = try TemporaryFolder()
        try outside.write([1], to: "a.jpg")
        try FileSystem.remove(folder.path.appending("sub/a.jpg"))
        try FileSystem.removeFolder(folder.path.appending("sub"))
        try folder.makeLink("sub", to: outside.path.string)
        let outcome = try? intake.take(file)
        if case .taken = outcome { Issue.record("it was taken through the link") }
        #expect(outside.files() == ["a.jpg"] && work.files() == [])
    }

    @Test("A sidecar that is a folder, a link or a pipe is none, and stays")
    func otherSidecars() throws {
        for (name, make) in [
            ("folder", { try FileSystem.makeFolders($0) }),
            ("link", { path in _ = unsafe symlink("/etc/hostname", path.string) }),
            ("pipe", { path in _ = unsafe mkfifo(path.string, 0o600) }),
        ] as [(String, (FilePath) throws -> Void)] {
            try folder.write([1], to: "\(name).jpg")
            try make(folder.path.appending("\(name).jpg.json"))
            guard case .taken(let file) = try intake.take(scanned("\(name).jpg")) else {
                Issue.record("\(name)")
                continue
            }
            #expect(file.sidecar == nil, "\(name)")
            #expect(
                (try? FileIdentity(of: folder.path.appending("\(name).jpg.json"), followsLinks: false))
                    != nil)
        }
    }

    @Test(
        "Every name that a file system allows can be taken, and is found again",
        arguments: [
            Array("a b\n\t.jpg".utf8), [0xFF, 0xC3] + Array(".jpg".utf8), Array("-rf.jpg".utf8),
            Array("~a~".utf8),
            [UInt8](repeating: 0x61, count: 255), [UInt8](repeating: 0xFE, count: 250), Array("a".utf8),
        ] as [[UInt8]])
    func names(name: [UInt8]) throws {
        try folder.write([7], toName: name)
        guard case .taken(let file) = try intake.take(scanned(name)) else {
            Issue.record("not taken")
            return
        }
        #expect(file.original.bytes == name && file.sidecar == nil)
        #expect(try FileDescriptor.contents(of: file.path) == [7])
        #expect(WorkFolder(path: work.path).file(of: file.id) == file)
    }

    @Test("A name that has room for a file's sidecar only just has one")
    func longestSidecar() throws {
        let name = [UInt8](repeating: 0x61, count: 250)
        try folder.write([7], toName: name)
        try folder.write(Array("{}".utf8), toName: name + Array(".json".utf8))
        guard case .taken(let file) = try intake.take(scanned(name)) else {
            Issue.record("not taken")
            return
        }
        #expect(file.sidecar != nil && folder.files() == [])
    }

    @Test(
        "A work folder that cannot be written is a fault of the surroundings: the file and its sidecar stay"
    )
    func noPermission() async throws {
        try folder.write([1], to: "a.jpg")
        try folder.write(Array("{}".utf8), to: "a.jpg.json")
        for (path, mode) in [(folder.path, 0o777), (work.path, 0o755)] as [(FilePath, mode_t)] {
            #expect(unsafe chmod(path.string, mode) == 0)
        }
        let (intake, file) = (intake, try scanned("a.jpg"))
        let error = try await onThread(asNobody: true) { () -> WatchError? in
            do throws(WatchError) {
                _ = try intake.take(file)
                return nil
            } catch { return error }
        }
        #expect(
            error?.isEnvironmental == true && error?.code == .fileSystem, "\(String(describing: error))")
        #expect(folder.files() == ["a.jpg", "a.jpg.json"] && work.files() == [])
    }

    @Test("A sidecar that goes back finds its name taken: none replaces the other")
    func sidecarTaken() throws {
        let id = IntakeID.random()
        try work.write(Array("{\"n\":1}".utf8), to: "\(id)/a.jpg.json")
        try folder.write(Array("{\"n\":2}".utf8), to: "a.jpg.json")
        try intake.recover()
        #expect(folder.files() == ["a.jpg.json", "a.jpg~2.json"] && work.files() == [])
        #expect(try folder.bytes(of: "a.jpg.json") == Array("{\"n\":2}".utf8))
        #expect(try folder.bytes(of: "a.jpg~2.json") == Array("{\"n\":1}".utf8))
        // And again: nothing is left to put back.
        try intake.recover()
        #expect(folder.files().count == 2)
    }

    @Test(
        "Across file systems a file comes with its sidecar, its time and its permissions",
        .enabled(if: TwoFileSystems.areThere))
    func acrossFileSystems() throws {
        let other = try TemporaryFolder(in: TwoFileSystems.second)
        let intake = Intake(root: folder.path, work: WorkFolder(path: other.path), movesSources: true)
        let path = try folder.write([1, 2, 3], to: "sub/a.jpg")
        try folder.write(Array("{}".utf8), to: "sub/a.jpg.json")
        let times = [
            timespec(tv_sec: 1_000_000_000, tv_nsec: 5), timespec(tv_sec: 1_000_000_000, tv_nsec: 5),
        ]
        #expect(unsafe utimensat(AT_FDCWD, path.string, times, 0) == 0)
        #expect(unsafe chmod(path.string, 0o640) == 0)
        guard case .taken(let file) = try intake.take(scanned("sub/a.jpg")) else {
            Issue.record("not taken")
            return
        }
        let identity = try FileIdentity(of: file.path, followsLinks: false)
        #expect(identity.modified == 1_000_000_000_000_000_005 && identity.mode & 0o777 == 0o640)
        #expect(
            other.files() == ["\(file.id)/sub/a.jpg", "\(file.id)/sub/a.jpg.json"] && folder.files() == []
        )
    }
}
