// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugUpload

@Suite struct VerifyTests {
    private static let content = pattern(1000)

    private func receipt(_ url: String, _ uploadProtocol: UploadProtocol) async throws -> UploadReceipt {
        let folder = try ScratchFolder()
        let digest = try await UploadSource(try folder.file(Self.content)).sha256(0..<1000).hexadecimal
        return UploadReceipt(
            url: url, uploadProtocol: uploadProtocol, bytes: 1000, sha256: digest, confirmation: .response, attempts: 1,
            retries: 0, bytesSent: 1000, seconds: 1, resumed: false)
    }

    /// Has an object with a status and a length, which starts like the content.
    private func server(_ status: Int, length: Int = 1000, changed: Bool = false) throws -> FaultServer {
        try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                let count = status < 300 ? length : 0
                try connection.send("HTTP/1.1 \(status) X\r\nContent-Length: \(count)\r\n\r\n")
                guard request.method == "GET", status < 300 else { continue }
                try connection.send(
                    Array(Self.content.prefix(length - 1)) + [changed ? 0xEE : Self.content[length - 1]])
            }
        }
    }

    @Test(
        "An object is the same, different, gone, or cannot be asked for",
        arguments: [
            (200, 1000, false, Uploader.Verification.sameContent), (200, 1000, true, .different),
            (200, 900, false, .different), (404, 0, false, .gone), (410, 0, false, .gone),
            (403, 0, false, .unavailable),
            (405, 0, false, .unavailable),
        ], [UploadProtocol.put, .s3])
    func checks(object: (Int, Int, Bool, Uploader.Verification), uploadProtocol: UploadProtocol) async throws {
        let server = try server(object.0, length: object.1, changed: object.2)
        let settings = S3Settings(accessKeyID: "AKIDEXAMPLE", secretKey: Secret("secretsecret"))
        let check = try await makeUploader(nil).verify(
            try await receipt(server.url("/bkt/a"), uploadProtocol), s3: uploadProtocol == .s3 ? settings : nil)
        #expect(check.verification == object.3 && !check.reason.isEmpty)
        let isSigned = server.requests.allSatisfy { $0.headers["authorization"]?.hasPrefix("AWS4-HMAC") == true }
        #expect(isSigned == (uploadProtocol == .s3))
    }

    @Test("A server that says nothing cannot be asked, and holds nobody up", arguments: [UploadProtocol.put, .tus])
    func silent(uploadProtocol: UploadProtocol) async throws {
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            connection.waitForClose()
        }
        let uploader = try await makeUploader(nil, questionTimeout: .milliseconds(200))
        let check = try await uploader.verify(try await receipt(server.url("/a"), uploadProtocol))
        #expect(check.verification == .unavailable && !check.reason.isEmpty)
        let error = await #expect(throws: UploadError.self) {
            try await uploader.detectEndpoint(at: try HTTPURL(server.url("/a")))
        }
        #expect(error?.code == .notSupported)
    }

    @Test(
        "tus is asked for its offset where it offers no content",
        arguments: [(1000, Uploader.Verification.sameLength), (1, .different)])
    func tus(object: (Int, Uploader.Verification)) async throws {
        let server = try FaultServer { connection in
            while true {
                let isHead = try connection.readRequest().method == "HEAD"
                try connection.respond(isHead ? 200 : 405, isHead ? ["Upload-Offset": "\(object.0)"] : [:])
            }
        }
        let check = try await makeUploader(nil).verify(try await receipt(server.url("/files/1"), .tus))
        #expect(check.verification == object.1)
    }

    @Test(
        "What cannot be asked is told with its reason, and nothing is sent",
        arguments: [UploadProtocol.form, .s3, .put])
    func unavailable(uploadProtocol: UploadProtocol) async throws {
        let server = try server(200)
        let address = server.url(uploadProtocol == .put ? "/a?X-Amz-Signature=***" : "/a")
        let check = try await makeUploader(nil).verify(try await receipt(address, uploadProtocol))
        #expect(check.verification == .unavailable && server.requests.isEmpty)
    }
}
