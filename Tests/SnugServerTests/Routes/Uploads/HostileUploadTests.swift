// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugLedger
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugServer

/// Uploads in parts by clients that are wrong, or mean no good.
@Suite struct HostileUploadTests {
    private static let image = TestImage.small

    @Test(
        "Metadata are names with values in base64, as the protocol has them",
        arguments: [
            ("", [:]), ("filename YS5wbmc=", ["filename": "a.png"]),
            (
                "filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential",
                ["filename": "world_domination_plan.pdf", "is_confidential": ""]
            ),
            ("a ,b Yg==", ["a": "", "b": "b"]), ("a  Yg==", ["a": "b"]), (",a Yg==,", ["a": "b"]),
            ("filename Li4vLi4vZXRjL3Bhc3N3ZA==", ["filename": "../../etc/passwd"]),
            // Bytes that are no UTF-8 do not stop an upload, whose name is a decoration.
            ("a //79", ["a": "\u{FFFD}\u{FFFD}\u{FFFD}"]),
        ])
    func metadata(text: String, values: [String: String]) throws {
        #expect(try UploadMetadata.values(text) == values)
    }

    @Test(
        "Metadata that are none are refused, and a field without end",
        arguments: [
            "a !!!", "a YQ", "a YQ== YQ==", "a YQ==,a YQ==", "a YQ==,a", "a \u{e4}", " ", ", ,",
            "a " + String(repeating: "YWFh", count: 3000),
        ])
    func badMetadata(text: String) throws {
        let error = try #require(throws: ServiceError.self) { try UploadMetadata.values(text) }
        #expect(error.status.code == 400)
        #expect(error.code == "invalid_parameter")
        #expect(error.details["parameter"] == "Upload-Metadata")
    }

    @Test(
        "A checksum that is none is refused",
        arguments: [
            "", "sha1", "sha1 !!!", "md5 rL0Y20zC+Fzt72VPzMSk2A==", "sha1 qZk+ NkcG", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
        ])
    func badChecksums(text: String) {
        #expect(throws: ServiceError.self) { try UploadChecksum(text) }
    }

    @Test("A checksum of the right form and the wrong length matches nothing, and bytes may come in pieces")
    func checksumPieces() throws {
        // FIPS 180-4, SHA-1 of "abc", and its first half.
        var whole = try UploadChecksum("SHA1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")
        var half = try UploadChecksum("sha1 qZk+NkcGgWq6")
        for byte in Array("abc".utf8) {
            #expect(!whole.matches)
            whole.update([byte])
            half.update([byte])
        }
        #expect(whole.matches)
        #expect(!half.matches)
    }

    @Test("A name in the metadata leads to no other place, and the job has its last part")
    func names() async throws {
        try await JobBench().run { server in
            for (index, (metadata, name)) in [
                ("filename Li4vLi4vZXRjL3Bhc3N3ZA==", "passwd"), ("name YS5wbmc=", "a.png"), ("filename", "image"),
                // "a\r\nb.png", and a name that is no UTF-8.
                ("filename YQ0KYi5wbmc=", "ab.png"), ("filename Lw==", "image"),
            ].enumerated() {
                // Equal images would be one job.
                let image = TestImage.noise(width: 8, height: 8, seed: UInt64(index))
                let path = try #require(
                    try await server.createUpload(length: image.count, "", [("Upload-Metadata", metadata)])["location"]
                )
                let done = try await server.sendPart(path, image, at: "0")
                #expect(done.status == 204)
                let job = try await server.job(try #require(done["snug-job"]))
                #expect(job["name"]?.text == name, "\(metadata)")
            }
        }
    }

    @Test("An offset that is not the server's is refused, tells the right one, and changes nothing")
    func offsets() async throws {
        try await JobBench().run { server in
            let path = try #require(try await server.createUpload(length: 10)["location"])
            #expect(try await server.sendPart(path, [1, 2, 3], at: "0").status == 204)
            for (offset, status) in [
                ("0", 409), ("2", 409), ("4", 409), ("10", 409), ("11", 409), ("9223372036854775807", 409), ("-1", 400),
                ("", 400), ("x", 400), ("3.0", 400), ("99999999999999999999", 400), ("0x3", 400), ("3,3", 400),
            ] {
                let response = try await server.sendPart(path, [9], at: offset)
                #expect(response.status == status, "\(offset)")
                if status == 409 { #expect(response["upload-offset"] == "3", "\(offset)") }
                #expect(response["tus-resumable"] == "1.0.0", "\(offset)")
                #expect(try await server.uploadOffset(path) == "3", "\(offset)")
            }
        }
    }

    @Test("A part in chunks that goes beyond the announced length is 413, and an empty part is none")
    func tooLong() async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            let path = try #require(try await server.createUpload(length: 10)["location"])
            let head = [
                TestServer.tus, ("Upload-Offset", "0"), ("Content-Type", "application/offset+octet-stream"),
                ("Transfer-Encoding", "chunked"),
            ]
            let response = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(
                    server.head("PATCH", path, head) + Array("5\r\nhello\r\n6\r\nhello!\r\n0\r\n\r\n".utf8))
                return try connection.readResponse()
            }
            #expect(response.status == 413)
            #expect(response.code == "upload_too_long")
            #expect(try await server.sendPart(path, [], at: "0").status == 204)
            #expect(try await server.uploadOffset(path) == "0")
        }
        #expect(try await bench.ledger.list(JobFilter()).isEmpty)
    }

    @Test("Of several parts for the same place exactly one is taken, and the image is whole")
    func concurrentParts() async throws {
        try await JobBench().run { server in
            for _ in 0..<5 {
                let path = try #require(try await server.createUpload(length: Self.image.count)["location"])
                let responses = try await withThrowingTaskGroup(of: RawResponse.self) { group in
                    for _ in 0..<6 {
                        group.addTask { try await server.sendPart(path, Self.image, at: "0") }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(responses.count { $0.status == 204 } == 1)
                #expect(responses.allSatisfy { [204, 409, 423].contains($0.status) })
                #expect(try await server.uploadOffset(path) == "\(Self.image.count)")
            }
        }
    }

    @Test("An upload of rubbish is taken as any other, and its job fails with the reason")
    func rubbish() async throws {
        try await JobBench().run { server in
            let bytes = Array("this is no image at all".utf8)
            let path = try #require(try await server.createUpload(length: bytes.count)["location"])
            let done = try await server.sendPart(path, bytes, at: "0")
            #expect(done.status == 204)
            let id = try #require(done["snug-job"])
            let job = try await server.job(id, in: ["failed", "held", "delivered"])
            #expect(job["state"]?.text == "failed")
            #expect(job["reason"]?["code"]?.text == "not_an_image")
            // A part after the last one finds nothing to do.
            let again = try await server.sendPart(path, [], at: "\(bytes.count)")
            #expect(again.status == 204)
            #expect(again["snug-job"] == id)
        }
    }

    @Test("A client that cannot send PATCH or DELETE names them in a field, and no other method")
    func override() async throws {
        try await JobBench().run { server in
            let path = try #require(try await server.createUpload(length: 10)["location"])
            @Sendable func post(_ method: String, _ fields: [(String, String)] = [], _ body: [UInt8] = []) async throws
                -> RawResponse
            {
                try await server.send(
                    "POST", path, [TestServer.tus, ("X-HTTP-Method-Override", method)] + fields, body: body)
            }
            let part = [("Upload-Offset", "0"), ("Content-Type", "application/offset+octet-stream")]
            #expect(try await post("PATCH", part, [1, 2]).status == 204)
            #expect(try await server.uploadOffset(path) == "2")
            for method in ["PUT", "GET", "patch", ""] {
                let response = try await post(method)
                #expect(response.status == 405, "\(method)")
                #expect(response["allow"]?.contains("PATCH") == true)
            }
            #expect(try await post("DELETE").status == 204)
            #expect(try await server.send("HEAD", path, [TestServer.tus]).status == 404)
        }
    }
}
