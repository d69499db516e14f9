// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugUpload

/// Trouble that begins after the last byte was accepted is not the upload's.
@Suite struct LateTroubleTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    /// The end of a response that began as a success.
    enum Ending: String, CaseIterable { case tooLarge, endless, cut, reset }

    private func server(_ ending: Ending, head: Int = 405) throws -> FaultServer {
        try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                guard request.method != "HEAD" else {
                    try connection.respond(head)
                    continue
                }
                switch ending {
                case .tooLarge: try connection.respond(200, body: String(repeating: "z", count: 3 << 20))
                case .endless:
                    try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    while true { try connection.send("10000\r\n" + String(repeating: " ", count: 65536) + "\r\n") }
                case .cut:
                    try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nshort")
                    return
                case .reset:
                    try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                    connection.ignoreEverything(milliseconds: 50)
                    return connection.reset()
                }
            }
        }
    }

    @Test("A success is one, whatever becomes of its body", arguments: Ending.allCases, [UploadProtocol.put, .form])
    func successes(ending: Ending, uploadProtocol: UploadProtocol) async throws {
        let server = try server(ending)
        let uploader = try await makeUploader(folder)
        let target = UploadTarget(try HTTPURL(server.url("/a")), uploadProtocol)
        let receipt = try await uploader.upload(try folder.file(pattern(3000)), to: target)
        #expect(receipt.confirmation == .response)
        #expect(server.requests.filter { $0.method != "HEAD" }.count == 1)
        #expect(try await uploader.pending().isEmpty)
    }

    @Test("A PUT whose object cannot be asked for is delivered", arguments: [401, 403, 404, 500, 503])
    func unreadable(status: Int) async throws {
        let server = try FaultServer { connection in
            while true { try connection.respond(try connection.readRequest().method == "PUT" ? 201 : status) }
        }
        let receipt = try await makeUploader(folder).upload(
            try folder.file(pattern(3000)), to: UploadTarget(try HTTPURL(server.url("/a")), .put))
        #expect(receipt.confirmation == .response)
    }

    @Test(
        "An S3 object that cannot be asked for is delivered by the response that joined it",
        arguments: [
            FakeS3Server.Manner.forbidsReading(403), .forbidsReading(400), .forbidsReading(503), .joinsWithoutEnd,
            .showsNothing(hasResult: true),
        ])
    func s3(manner: FakeS3Server.Manner) async throws {
        let server = try FakeS3Server(manner)
        let target = UploadTarget(
            try HTTPURL(server.url), .s3, s3: S3Settings(accessKeyID: "AKIDEXAMPLE", secretKey: Secret("secretsecret")))
        let uploader = try await makeUploader(folder)
        let bytes = pattern(6 << 20)
        let receipt = try await uploader.upload(try folder.file(bytes), to: target)
        #expect(receipt.bytes == bytes.count && server.object == bytes)
        #expect(server.aborted == 0)
        #expect(try await uploader.pending().isEmpty)
    }

    @Test(
        "An S3 upload that neither the response nor the object tells of is unknown, and not aborted",
        arguments: [FakeS3Server.Manner.showsNothing(hasResult: false), .joinsWithPage])
    func unseen(manner: FakeS3Server.Manner) async throws {
        let server = try FakeS3Server(manner)
        let target = UploadTarget(
            try HTTPURL(server.url), .s3, s3: S3Settings(accessKeyID: "AKIDEXAMPLE", secretKey: Secret("secretsecret")))
        let (uploader, file) = (try await makeUploader(folder), try folder.file(pattern(6 << 20)))
        let error = await #expect(throws: UploadError.self) { try await uploader.upload(file, to: target) }
        #expect(error?.code == .outcomeUnknown && server.aborted == 0)
    }

    @Test("Parts whose ETag is no MD5 are accepted", arguments: FakeS3Server.OpaqueETag.allCases, [true, false])
    func opaque(kind: FakeS3Server.OpaqueETag, checksums: Bool) async throws {
        let server = try FakeS3Server(.tellsOpaqueETags(kind))
        let target = UploadTarget(
            try HTTPURL(server.url), .s3, s3: S3Settings(accessKeyID: "AKIDEXAMPLE", secretKey: Secret("secretsecret")))
        var options = UploadOptions()
        options.checksums = checksums
        let bytes = pattern(6 << 20)
        let receipt = try await makeUploader(folder).upload(try folder.file(bytes), to: target, options: options)
        #expect(receipt.confirmation == .length && server.object == bytes)
    }
}
