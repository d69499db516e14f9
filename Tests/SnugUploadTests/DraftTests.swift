// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugUpload

@Suite struct DraftTests {
    private let folder: ScratchFolder
    init() throws { folder = try ScratchFolder() }

    private func upload(
        _ bytes: [UInt8], to server: FakeDraftServer, chunk: Int = 100_000,
        unconfirmed: UploadOptions.UnconfirmedPolicy = .fail
    ) async throws -> UploadReceipt {
        var options = UploadOptions()
        options.unconfirmed = unconfirmed
        options.chunkSize = chunk
        options.adaptsChunkSize = false
        let target = UploadTarget(try HTTPURL(server.url), .resumable)
        return try await makeUploader(folder).upload(try folder.file(bytes), to: target, options: options)
    }

    @Test("A file arrives whole, whatever its size", arguments: [0, 1, 100_000, 350_001])
    func arrives(size: Int) async throws {
        let server = try FakeDraftServer()
        let receipt = try await upload(pattern(size), to: server)
        #expect(server.objects == [pattern(size)])
        #expect(receipt.confirmation == .response && receipt.response == "done")
    }

    @Test("A server of another draft is spoken to in its own", arguments: [3, 5, 8])
    func otherVersions(version: Int) async throws {
        let server = try FakeDraftServer(version: version)
        _ = try await upload(pattern(250_000), to: server)
        #expect(server.objects == [pattern(250_000)])
    }

    @Test("One fault of each kind loses and doubles nothing", arguments: FakeDraftServer.Fault.allCases, [1, 3])
    func oneFault(fault: FakeDraftServer.Fault, at request: Int) async throws {
        let server = try FakeDraftServer { $0 == request ? fault : nil }
        _ = try await upload(pattern(500_000), to: server)
        #expect(server.objects == [pattern(500_000)])
        #expect(server.creations == 1)
    }

    @Test func theTimeLeftIsRecorded() async throws {
        let server = try FakeDraftServer { $0 == 2 ? .closeAtOnce : nil }
        var options = UploadOptions()
        options.chunkSize = 100_000
        options.attemptsWithoutProgress = 1
        let limited = options
        let uploader = try await makeUploader(folder, now: 1000)
        await #expect(throws: UploadError.self) {
            let target = UploadTarget(try HTTPURL(server.url), .resumable)
            return try await uploader.upload(try folder.file(pattern(500_000)), to: target, options: limited)
        }
        #expect(try await uploader.pending().map(\.expires) == [4600])
    }

    @Test("A lost final response is unknown, or unconfirmed where that is accepted, and nothing is sent twice")
    func lostFinalResponse() async throws {
        let server = try FakeDraftServer { $0 == 5 ? .swallowAnswer : nil }
        let error = await #expect(throws: UploadError.self) { try await upload(pattern(500_000), to: server) }
        #expect(error?.code == .outcomeUnknown)
        #expect(server.objects == [pattern(500_000)])
        let other = try FakeDraftServer { $0 == 5 ? .swallowAnswer : nil }
        let receipt = try await upload(pattern(500_000), to: other, unconfirmed: .accept)
        #expect(receipt.confirmation == .unconfirmed)
        #expect(other.objects == [pattern(500_000)])
    }

    @Test func theTargetsVerdictIsFinal() async throws {
        let server = try FakeDraftServer(verdict: 422)
        let error = await #expect(throws: UploadError.self) { try await upload(pattern(250_000), to: server) }
        #expect(error?.code == .refused)
        #expect(error?.status == 422)
        #expect(server.creations == 1)
    }

    @Test(
        "Limits are read and nonsense is ignored",
        arguments: [
            ("max-size=10, max-age=5", 10), ("min-size=0", nil), ("max-size=abc", nil), ("", nil),
        ] as [(String, Int?)])
    func limits(text: String, expected: Int?) {
        #expect(DraftDialect.limit("max-size", in: ["Upload-Limit": text]) == expected)
    }
}
