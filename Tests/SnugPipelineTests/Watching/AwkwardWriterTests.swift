// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Writers as processes of their own, each with a habit that other watchers trip over.
@Suite("Awkward writers", .timeLimit(.minutes(3)), .enabled(if: Python.path != nil))
struct AwkwardWriterTests {
    @Test("A file is taken once and whole from a writer with any habit", arguments: AwkwardWriter.all)
    func takenOnceAndWhole(writer: AwkwardWriter) async throws {
        let python = try #require(Python.path)
        let outer = try TemporaryFolder()
        let fixture = try WatchFixture(folder: try TemporaryFolder(in: outer.path.string))
        let source = try outer.write(WatchImages.jpeg, to: "source")
        let script = try outer.write(Array((AwkwardWriter.prelude + writer.script + "\n").utf8), to: "writer.py")
        try await fixture.whileWatching { fixture in
            try await fixture.wait { $0.scanCount == 1 }
            let process = try ChildProcess([python, script.string, source.string], folder: fixture.folder.path)
            let code = try await onThread { process.wait() }
            #expect(code == 0, "\(writer.habit)")
            await fixture.waitForTakings(1)
            // A second file shows that nothing of the first is left.
            try fixture.folder.write(WatchImages.png, to: "end.png")
            await fixture.waitForTakings(2)
        }
        #expect(fixture.taken == ["a.jpg": [WatchImages.jpeg], "end.png": [WatchImages.png]], "\(writer.habit)")
        #expect(fixture.folder.files().isEmpty, "\(writer.habit)")
    }
}

/// The interpreter of the writers' scripts.
enum Python {
    static let path = ["/usr/bin/python3", "/usr/local/bin/python3"].first { path in
        guard let identity = try? FileIdentity(of: FilePath(path), followsLinks: true) else { return false }
        return identity.kind == .file && identity.mode & 0o111 != 0
    }
}
