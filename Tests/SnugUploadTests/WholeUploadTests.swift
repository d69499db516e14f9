// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugUpload

@Suite struct WholeUploadTests {
    private let folder: ScratchFolder
    init() throws { folder = try ScratchFolder() }

    /// Answers PUT and POST with one status after the other (0: closes without a response), HEAD with the last body's length.
    private func server(_ statuses: [Int], lies: Int = 0) throws -> FaultServer {
        let left = Mutex(statuses)
        let stored = Mutex(0)
        return try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                if request.method == "HEAD" {
                    try connection.respond(200, ["Content-Length": "\(stored.withLock { $0 } + lies)"])
                    continue
                }
                let status = left.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
                if status == 0 { return }
                if status < 300 { stored.withLock { $0 = request.body.count } }
                try connection.respond(status, body: status < 300 ? "{\"id\":7}" : "")
            }
        }
    }

    @Test(
        "A refusal says what its status means, and where a redirect points even if nothing can be sent there",
        arguments: [
            (404, nil, "nothing at this address"), (405, nil, "does not take this kind of upload"),
            (409, nil, "a folder above it may be missing"), (415, nil, "media type"), (507, nil, "no space left"),
            (422, nil, "refuses the file"), (307, "file:///etc/passwd", "file:///etc/passwd"),
            (308, "https://elsewhere.example/x", "it points to https://elsewhere.example/x"),
        ] as [(Int, String?, String)])
    func refusals(status: Int, location: String?, words: String) async throws {
        let server = try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(status, location.map { ["Location": $0] } ?? [:])
            }
        }
        let file = try folder.file(pattern(100))
        let error = await #expect(throws: UploadError.self) {
            try await makeUploader(folder).upload(file, to: UploadTarget(try HTTPURL(server.url("/a.bin")), .put))
        }
        #expect(error?.code == .refused && error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    private func bodies(_ server: FaultServer) -> [[UInt8]] {
        server.requests.filter { $0.method != "HEAD" }.map(\.body)
    }

    @Test("A length of compressed bytes is not compared with the file's", arguments: ["gzip", "identity"])
    func compressedHead(coding: String) async throws {
        let server = try FaultServer { connection in
            while true {
                let isHead = try connection.readRequest().method == "HEAD"
                try connection.respond(
                    isHead ? 200 : 201, isHead ? ["Content-Encoding": coding, "Content-Length": "70"] : [:])
            }
        }
        let target = UploadTarget(try HTTPURL(server.url("/a.bin")), .put)
        let result = try? await makeUploader(folder).upload(try folder.file(pattern(1000)), to: target)
        #expect(result?.confirmation == (coding == "gzip" ? .response : nil))
    }

    @Test("A checksum that the server tells unasked is compared", arguments: [true, false])
    func offeredDigest(isRight: Bool) async throws {
        let bytes = pattern(1000)
        let digest = try await UploadSource(try folder.file(bytes, named: "same")).digests(0..<1000, and: []).sha256
            .base64
        let told = isRight ? digest : String(digest.reversed())
        let server = try FaultServer { connection in
            while true {
                let isHead = try connection.readRequest().method == "HEAD"
                let digest = ["Repr-Digest": "sha-256=:\(told):", "Content-Length": "1000"]
                try connection.respond(isHead ? 200 : 201, isHead ? digest : [:])
            }
        }
        let target = UploadTarget(try HTTPURL(server.url("/a.bin")), .put)
        if isRight {
            let receipt = try await makeUploader(folder).upload(try folder.file(bytes), to: target)
            #expect(receipt.confirmation == .checksum)
        } else {
            let error = await #expect(throws: UploadError.self) {
                try await makeUploader(folder).upload(try folder.file(bytes), to: target)
            }
            #expect(error?.code == .verificationFailed)
        }
    }

    @Test func aPutIsRepeatedUntilItIsThereAndItsLengthCompared() async throws {
        let server = try server([500, 0, 503, 201])
        let receipt = try await makeUploader(folder).upload(
            try folder.file(pattern(300_000)), to: UploadTarget(try HTTPURL(server.url("/a.bin")), .put))
        #expect(receipt.confirmation == .length && receipt.retries == 3)
        #expect(bodies(server) == Array(repeating: pattern(300_000), count: 4))
    }

    @Test func aServerThatKeptLessIsFoundOut() async throws {
        let server = try server([201], lies: -1)
        let uploader = try await makeUploader(folder)
        let file = try folder.file(pattern(3000))
        let error = await #expect(throws: UploadError.self) {
            try await uploader.upload(file, to: UploadTarget(try HTTPURL(server.url("/a.bin")), .put))
        }
        #expect(error?.code == .verificationFailed)
    }

    @Test func aFormCarriesFieldsThenFile() async throws {
        let server = try server([200])
        let form = FormSettings(fileField: "image", fields: [.init("purpose", "vision"), .init("a\"b\r\n", "x")])
        let receipt = try await makeUploader(folder).upload(
            try folder.file(Array("PIXELS".utf8), named: "na\"me.png"),
            to: UploadTarget(try HTTPURL(server.url("/upload")), .form, contentType: "image/png", form: form))
        #expect(receipt.response == "{\"id\":7}")
        let request = try #require(server.requests.first)
        let type = try #require(request.headers["content-type"])
        let boundary = try #require(type.split(separator: "=").last)
        #expect(request.headers["content-length"] == "\(request.body.count)")
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == "--\(boundary)\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nvision\r\n"
                + "--\(boundary)\r\nContent-Disposition: form-data; name=\"a%22b%0D%0A\"\r\n\r\nx\r\n"
                + "--\(boundary)\r\nContent-Disposition: form-data; name=\"image\"; filename=\"na%22me.png\"\r\n"
                + "Content-Type: image/png\r\n\r\nPIXELS\r\n--\(boundary)--\r\n")
    }

    @Test("A form whose fate is unknown is not sent twice", arguments: [0, 500, 502, 504])
    func unknownForm(status: Int) async throws {
        let server = try server([status])
        let uploader = try await makeUploader(folder)
        let file = try folder.file(pattern(3000))
        let error = await #expect(throws: UploadError.self) {
            try await uploader.upload(file, to: UploadTarget(try HTTPURL(server.url("/upload")), .form))
        }
        #expect(error?.code == .outcomeUnknown)
        #expect(server.requests.count == 1)
    }

    @Test func aFormThatWasRefusedBeforeActingIsRepeated() async throws {
        let server = try server([429, 503, 200])
        let receipt = try await makeUploader(folder).upload(
            try folder.file(pattern(3000)), to: UploadTarget(try HTTPURL(server.url("/upload")), .form))
        #expect(receipt.retries == 2)
    }

    @Test func aFileThatIsTooLargeIsAFinding() async throws {
        let server = try server([413])
        let uploader = try await makeUploader(folder)
        let file = try folder.file(pattern(3000))
        let error = await #expect(throws: UploadError.self) {
            try await uploader.upload(file, to: UploadTarget(try HTTPURL(server.url("/upload")), .form))
        }
        #expect(error?.code == .tooLarge && error?.status == 413)
    }
}
