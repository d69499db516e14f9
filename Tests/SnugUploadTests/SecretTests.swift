// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugUpload

/// Nothing that grants access is in a message, a receipt or a record.
@Suite struct SecretTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    /// Echoes what it was sent, the key included.
    private func echo(_ status: Int) throws -> FaultServer {
        try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                let words = "\u{1B}[31myou sent \(request.headers["authorization"] ?? "") to \(request.target)"
                try connection.respond(request.method == "HEAD" ? 405 : status, body: words)
            }
        }
    }

    @Test("An echoed key is in no error", arguments: UploadProtocol.allCases.filter { $0 != .s3 })
    func errors(uploadProtocol: UploadProtocol) async throws {
        let server = try echo(400)
        let headers: HTTPFields = [.authorization: "Bearer CANARY-9f8e7d"]
        let url = try HTTPURL(server.url("/a?X-Amz-Signature=c0ffee11&id=7"))
        let error = await #expect(throws: UploadError.self) {
            try await makeUploader(folder).upload(
                try folder.file(pattern(100)), to: UploadTarget(url, uploadProtocol, headers: headers))
        }
        let text = "\(String(describing: error))"
        #expect(
            text.contains("you sent") && !text.contains("CANARY") && !text.contains("c0ffee")
                && !text.contains("\u{1B}"))
    }

    @Test(
        "A receipt has neither the signature of its address nor an echoed key", arguments: [UploadProtocol.put, .form])
    func receipts(uploadProtocol: UploadProtocol) async throws {
        let server = try echo(200)
        let headers: HTTPFields = [.authorization: "Bearer CANARY-9f8e7d"]
        let url = try HTTPURL(server.url("/a?X-Amz-Signature=c0ffee11&id=7"))
        let receipt = try await makeUploader(folder).upload(
            try folder.file(pattern(100)), to: UploadTarget(url, uploadProtocol, headers: headers))
        #expect(receipt.url.hasSuffix("/a?X-Amz-Signature=***&id=7"))
        #expect(receipt.response?.contains("CANARY") == false && receipt.response?.contains("c0ffee") == false)
    }
}
