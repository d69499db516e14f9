// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugUpload

/// Servers that report more than they were sent: nothing of it counts as delivered.
@Suite struct FalseSuccessTests {
    private let folder: ScratchFolder
    private let bytes = pattern(300_000)

    init() throws { folder = try ScratchFolder() }

    private func upload(_ url: String, _ uploadProtocol: UploadProtocol) async throws -> UploadReceipt {
        var options = UploadOptions()
        options.chunkSize = 100_000
        options.adaptsChunkSize = false
        options.attemptsWithoutProgress = 3
        var target = UploadTarget(try HTTPURL(url), uploadProtocol)
        target.ranged = .session
        return try await makeUploader(folder).upload(try folder.file(bytes), to: target, options: options)
    }

    private func failure(_ server: FaultServer, _ uploadProtocol: UploadProtocol) async -> UploadError? {
        await #expect(throws: UploadError.self) { try await upload(server.url("/files/"), uploadProtocol) }
    }

    /// A tus server whose PATCH and HEAD responses are scripted.
    private func tus(
        patch: @escaping @Sendable (_ kept: Int) -> (Int, Int?), head: @escaping @Sendable (_ kept: Int) -> Int?
    ) throws -> FaultServer {
        let kept = Mutex(0)
        return try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                switch request.method {
                case "OPTIONS": try connection.respond(204, ["Tus-Version": "1.0.0", "Tus-Extension": "creation"])
                case "POST": try connection.respond(201, ["Location": "/files/1"])
                case "PATCH":
                    let count = kept.withLock { kept in
                        kept += request.body.count
                        return kept
                    }
                    let (status, offset) = patch(count)
                    try connection.respond(status, offset.map { ["Upload-Offset": "\($0)"] } ?? [:])
                case "HEAD":
                    let offset = head(kept.withLock { $0 })
                    try connection.respond(
                        offset == nil ? 404 : 200,
                        ["Upload-Offset": offset.map { "\($0)" } ?? "", "Upload-Length": "300000"]
                    )
                default: try connection.respond(204)
                }
            }
        }
    }

    @Test("tus: an offset beyond what was sent", arguments: [100_001, 299_000, 300_000, 300_001])
    func tusAhead(offset: Int) async throws {
        let server = try tus(patch: { _ in (204, offset) }, head: { $0 })
        let error = await failure(server, .tus)
        #expect(error?.code == .serverMisbehaved, "\(String(describing: error))")
        #expect(try await makeUploader(folder).pending().isEmpty)
    }

    @Test("tus: a refused chunk of a server that keeps nothing or forgets", arguments: [403, 404, 410], [false, true])
    func tusRefused(status: Int, forgets: Bool) async throws {
        let server = try tus(patch: { _ in (status, nil) }, head: { _ in forgets ? nil : 0 })
        for _ in 0..<2 {
            let error = await failure(server, .tus)
            #expect(error != nil && error?.code != .outcomeUnknown, "\(String(describing: error))")
        }
    }

    @Test(
        "Ranged PUT: an offset or a completion beyond what was sent", arguments: [("bytes=0-298999", 308), ("", 201)])
    func rangedAhead(range: String, status: Int) async throws {
        let server = try FaultServer { connection in
            while true {
                let isQuery = try connection.readRequest().headers["content-range"]?.hasPrefix("bytes */") == true
                try connection.respond(isQuery ? 308 : status, isQuery || range.isEmpty ? [:] : ["Range": range])
            }
        }
        #expect(await failure(server, .rangedPut)?.code == .serverMisbehaved)
    }

    @Test("IETF draft: an offset or a completion beyond what was sent", arguments: [("?0", 299_000), ("?1", 300_000)])
    func draftAhead(complete: String, offset: Int) async throws {
        let server = try FaultServer { connection in
            while true {
                switch try connection.readRequest().method {
                case "POST": try connection.respond(201, ["Location": "/u/1", "Upload-Offset": "0"])
                case "PATCH":
                    try connection.respond(200, ["Upload-Complete": complete, "Upload-Offset": "\(offset)"])
                default: try connection.respond(204, ["Upload-Offset": "0", "Upload-Complete": "?0"])
                }
            }
        }
        #expect(await failure(server, .resumable)?.code == .serverMisbehaved)
    }

    @Test("A PUT or a form that is accepted before it was sent", arguments: [UploadProtocol.put, .form])
    func early(uploadProtocol: UploadProtocol) async throws {
        let server = try FaultServer { connection in
            let request = try connection.readHead()
            if request.method == "HEAD" { return try connection.respond(405) }
            // The body is large enough to be asked about first, and the response comes instead of the permission.
            try connection.respond(201, ["Connection": "close"])
        }
        let file = try folder.file(pattern(2 << 20))
        let uploader = try await makeUploader(folder, continueTimeout: .seconds(60))
        let error = await #expect(throws: UploadError.self) {
            try await uploader.upload(file, to: UploadTarget(try HTTPURL(server.url("/a")), uploadProtocol))
        }
        #expect(error?.code == .serverMisbehaved && error?.status == 201, "\(String(describing: error))")
        #expect(try await uploader.pending().isEmpty)
    }
}
