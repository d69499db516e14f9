// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

/// Outputs take over what belongs to their inputs' files.
@Suite struct PreservedAttributesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> FilePath { folder.path.appending(FilePath(name).components) }

    private func run(preserving: Bool, destination: FitRequest.Destination) async throws {
        var request = FitRequest(inputs: [path("a.jpg")], destination: destination)
        request.preservesAttributes = preserving
        request.policy.format = .keep
        try await FitRun(
            request, publisher: OutputPublisher(FilePublisher()),
            fit: { _, _, _ in .fake(.bytes([1, 2]), byteCount: 2) }
        ).run()
    }

    private func identity(_ name: String) throws -> FileIdentity {
        try FileIdentity(of: path(name), followsLinks: false)
    }

    @Test("Time and permissions are those of the input", arguments: [true, false])
    func preserves(inPlace: Bool) async throws {
        try folder.write([1], to: "a.jpg")
        let file = try FileDescriptor.open(path("a.jpg"), .readOnly)
        try FileAttributesProbe.set(file, mode: 0o640, modified: 1_200_000_000)
        try file.close()
        let before = try identity("a.jpg")
        try await run(preserving: true, destination: inPlace ? .inPlace : .folder(path("out")))
        let after = try identity(inPlace ? "a.jpg" : "out/a.jpg")
        #expect(after.byteCount == 2 && after.modified == before.modified && after.mode & 0o777 == 0o640)
    }

    @Test("Nobody reads an output who could not read its input", arguments: [true, false])
    func isNeverWider(preserving: Bool) async throws {
        try folder.write([1], to: "a.jpg")
        let file = try FileDescriptor.open(path("a.jpg"), .readOnly)
        try FileAttributesProbe.set(file, mode: 0o600, modified: 1_200_000_000)
        try file.close()
        try await run(preserving: preserving, destination: .folder(path("out")))
        let after = try identity("out/a.jpg")
        #expect(after.mode & 0o777 == 0o600)
        #expect((after.modified == 1_200_000_000 * 1_000_000_000) == preserving)
    }
}
