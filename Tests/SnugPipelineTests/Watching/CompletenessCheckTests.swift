// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

@Suite("A completeness check")
struct CompletenessCheckTests {
    private func check(_ folder: TemporaryFolder, _ name: String) throws -> Completeness {
        let identity = try FileIdentity(of: folder.path.appending(name), followsLinks: false)
        let file = ScannedFile(path: RelativePath(name), version: FileVersion(identity))
        return CompletenessCheck(root: folder.path)(file)
    }

    @Test("A whole file is complete, a cut one is not")
    func ends() throws {
        let folder = try TemporaryFolder()
        try folder.write(WatchImages.jpeg, to: "sub/whole.jpg")
        try folder.write(Array(WatchImages.jpeg.dropLast()), to: "cut.jpg")
        #expect(try check(folder, "sub/whole.jpg") == .complete)
        guard case .incomplete = try check(folder, "cut.jpg") else {
            Issue.record("a cut file is complete")
            return
        }
    }

    @Test("A whole file that a program has open for writing is suspicious")
    func open() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(WatchImages.jpeg, to: "a.jpg")
        let file = try FileDescriptor.opening(path, .readWrite)
        #expect(try check(folder, "a.jpg") == .suspicious("is still open for writing"))
        try file.close()
        #expect(try check(folder, "a.jpg") == .complete)
    }

    @Test("A file that is not in the state that was seen has changed; so has one that is a link or gone")
    func changed() throws {
        let folder = try TemporaryFolder()
        try folder.write(WatchImages.jpeg, to: "a.jpg")
        let identity = try FileIdentity(of: folder.path.appending("a.jpg"), followsLinks: false)
        let file = ScannedFile(path: RelativePath("a.jpg"), version: FileVersion(identity))
        try folder.write(WatchImages.png, to: "a.jpg")
        let check = CompletenessCheck(root: folder.path)
        #expect(check(file) == .changed)
        try FileSystem.remove(folder.path.appending("a.jpg"))
        #expect(check(file) == .changed)
        try folder.makeLink("a.jpg", to: "/etc/hostname")
        #expect(check(file) == .changed)
        try FileSystem.remove(folder.path.appending("a.jpg"))
        try folder.makePipe("a.jpg")
        #expect(check(file) == .changed)
    }

    @Test("A file that cannot be read is unreadable, not broken")
    func unreadable() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(WatchImages.jpeg, to: "a.jpg")
        _ = unsafe chmod(folder.path.string, 0o755)
        _ = unsafe chmod(path.string, 0o000)
        let identity = try FileIdentity(of: path, followsLinks: false)
        let file = ScannedFile(path: RelativePath("a.jpg"), version: FileVersion(identity))
        let root = folder.path
        let result = try await onThread(asNobody: true) {
            return CompletenessCheck(root: root)(file)
        }
        guard case .unreadable = result else {
            Issue.record("\(result)")
            return
        }
    }
}
