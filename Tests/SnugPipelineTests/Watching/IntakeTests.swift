// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

@Suite("An intake")
struct IntakeTests {
    private let folder: TemporaryFolder
    private let work: TemporaryFolder
    private let intake: Intake

    init() throws {
        folder = try TemporaryFolder()
        work = try TemporaryFolder()
        intake = Intake(root: folder.path, work: WorkFolder(path: work.path), movesSources: true)
    }

    private func scanned(_ name: String) throws -> ScannedFile {
        let identity = try FileIdentity(of: folder.path.appending(name), followsLinks: false)
        return ScannedFile(path: RelativePath(name), version: FileVersion(identity))
    }

    private func take(_ name: String, _ intake: Intake? = nil) throws -> TakenFile {
        guard case .taken(let file) = try (intake ?? self.intake).take(scanned(name)) else {
            throw Errno.invalidArgument
        }
        return file
    }

    @Test("A taken file is in a folder of its own under its old path, and its name is free")
    func moves() throws {
        try folder.write([1, 2, 3], to: "sub/a.jpg")
        let file = try take("sub/a.jpg")
        #expect(work.files() == ["\(file.id)/sub/a.jpg"])
        #expect(file.path == work.path.appending("\(file.id)/sub/a.jpg") && file.isMoved && file.sidecar == nil)
        try folder.write([4], to: "sub/a.jpg")
        let second = try take("sub/a.jpg")
        #expect(second.id != file.id && work.files().count == 2)
    }

    @Test("The sidecar comes along")
    func sidecar() throws {
        try folder.write([1], to: "a.jpg")
        try folder.write(Array("{}".utf8), to: "a.jpg.json")
        let file = try take("a.jpg")
        #expect(file.sidecar == work.path.appending("\(file.id)/a.jpg.json"))
        #expect(folder.files().isEmpty)
    }

    @Test("Of two that take a file one gets it")
    func twice() throws {
        try folder.write([1], to: "a.jpg")
        let file = try scanned("a.jpg")
        guard case .taken = try intake.take(file) else { throw Errno.invalidArgument }
        #expect(try intake.take(file) == .gone)
        #expect(work.files().count == 1)
    }

    @Test("A file that changed since it was found complete stays, with its sidecar")
    func changed() throws {
        try folder.write([1], to: "a.jpg")
        try folder.write(Array("{}".utf8), to: "a.jpg.json")
        let file = try scanned("a.jpg")
        try folder.write([1, 2], to: "a.jpg")
        #expect(try intake.take(file) == .changed)
        #expect(folder.files() == ["a.jpg", "a.jpg.json"] && work.files().isEmpty)
    }

    @Test("A link under the name of a file is not taken")
    func link() throws {
        try folder.write([1], to: "a.jpg")
        let file = try scanned("a.jpg")
        try FileSystem.remove(folder.path.appending("a.jpg"))
        try folder.makeLink("a.jpg", to: "/etc/passwd")
        #expect(try intake.take(file) == .changed)
        #expect(work.files().isEmpty)
    }

    @Test("A file with another name is copied: a change through that name does not reach the work")
    func otherNames() throws {
        try folder.write([1, 2, 3], to: "a.jpg")
        let elsewhere = try TemporaryFolder()
        try FileSystem.link(folder.path.appending("a.jpg"), elsewhere.path.appending("other"))
        let file = try take("a.jpg")
        try elsewhere.write([9, 9, 9], to: "other")
        #expect(try FileDescriptor.contents(of: file.path) == [1, 2, 3])
        #expect(folder.files().isEmpty)
    }

    @Test(
        "A work folder on another file system: the file is copied, its time is kept, no temporary file is left",
        .enabled(if: TwoFileSystems.areThere))
    func acrossFileSystems() throws {
        let other = try TemporaryFolder(in: TwoFileSystems.second)
        let intake = Intake(root: folder.path, work: WorkFolder(path: other.path), movesSources: true)
        let modified = try FileIdentity(of: try folder.write([1, 2], to: "s/a.jpg"), followsLinks: false).modified
        let file = try take("s/a.jpg", intake)
        #expect(try FileIdentity(of: file.path, followsLinks: false).modified == modified)
        #expect(folder.files().isEmpty && other.files() == ["\(file.id)/s/a.jpg"])
    }

    @Test("Left in place, a file is read where it is")
    func leaves() throws {
        try folder.write([1], to: "a.jpg")
        try folder.write(Array("{}".utf8), to: "a.jpg.json")
        let file = try take("a.jpg", Intake(root: folder.path, work: WorkFolder(path: work.path), movesSources: false))
        #expect(file.path == folder.path.appending("a.jpg") && !file.isMoved && file.sidecar != nil)
        #expect(folder.files().count == 2 && work.files().isEmpty)
    }

    @Test("A restart finds what was taken, by the folder alone")
    func restart() throws {
        try folder.write([1], to: "deep/er/a.jpg")
        try folder.write(Array("{}".utf8), to: "deep/er/a.jpg.json")
        try folder.write([1], to: "b.jpg")
        let taken = try [take("deep/er/a.jpg"), take("b.jpg")]
        try work.write([1], to: "not-ours/x")
        #expect(Set(try WorkFolder(path: work.path).contents()) == Set(taken))
        #expect(try WorkFolder(path: work.path.appending("missing")).contents().isEmpty)
    }

    @Test("A sidecar whose file was not taken before a crash goes back")
    func orphanedSidecar() throws {
        let id = IntakeID.random()
        try work.write(Array("{}".utf8), to: "\(id)/sub/a.jpg.json")
        try folder.write([1], to: "sub/a.jpg")
        try intake.recover()
        #expect(folder.files() == ["sub/a.jpg", "sub/a.jpg.json"] && work.files().isEmpty)
        #expect(try WorkFolder(path: work.path).contents().isEmpty)
    }

    @Test(
        "The work folder is the preferred one on the same file system, and one inside the watched folder otherwise",
        .enabled(if: TwoFileSystems.areThere))
    func choice() throws {
        let preferred = work.path.appending("w")
        #expect(try WorkFolder.choose(for: folder.path, preferring: preferred).path == preferred)
        let other = try TemporaryFolder(in: TwoFileSystems.second)
        let chosen = try WorkFolder.choose(for: other.path, preferring: preferred)
        #expect(chosen.path == other.path.appending(".snug-work"))
        try other.write([1], to: ".snug-work/0/a.jpg")
        #expect(try FolderScan(root: other.path).run(comparedWith: InMemoryKnownFiles()).files.isEmpty)
    }

    @Test("Identifiers sort by time, and no other text is one")
    func identifiers() {
        let ids = (0..<50).map { IntakeID.random(milliseconds: 1_700_000_000_000 + $0).text }
        #expect(ids == ids.sorted() && Set(ids).count == 50)
        #expect(IntakeID(ids[0])?.text == ids[0])
        for text in ["", "../../etc", ids[0] + "x", String(ids[0].dropLast()) + "U"] { #expect(IntakeID(text) == nil) }
    }
}

/// A second file system, where the machine has one.
enum TwoFileSystems {
    static let second = "/dev/shm"

    static var areThere: Bool {
        guard let folder = try? TemporaryFolder(), let one = try? FileIdentity(of: folder.path, followsLinks: true),
            let two = try? FileIdentity(of: FilePath(second), followsLinks: true)
        else { return false }
        return one.device != two.device
    }
}
