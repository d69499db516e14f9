// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugLedger
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugServer

/// The extensions of tus 1.0.0 that save requests: creation with upload, and a length that is told later.
@Suite struct UploadExtensionTests {
    private static let part = ("Content-Type", "application/offset+octet-stream")
    private static let image = TestImage.small

    private static func uploads(_ bench: JobBench) async throws -> Int {
        try await bench.ledger.documents(.receivedUploads).count
    }

    private static func files(_ bench: JobBench) -> Int {
        bench.folder.files().count { $0.hasPrefix("state/submissions/uploads/") }
    }

    @Test("What the server says it can is what it can")
    func extensions() async throws {
        try await JobBench().run { server in
            let options = try await server.send("OPTIONS", "/v1/uploads")
            let field = try #require(options["tus-extension"])
            #expect(try await server.send("/openapi.yaml").text.contains("const: \"\(field)\""))
            let told = Set(field.split(separator: ",").map(String.init))
            #expect(
                told == [
                    "creation", "creation-with-upload", "creation-defer-length", "expiration", "checksum",
                    "termination",
                ])
        }
    }

    @Test("An image that comes with the creation is whole at once: one request, one job")
    func wholeWithCreation() async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            let made = try await server.createUpload(
                length: Self.image.count, "?copy-compliant", [Self.part, ("Upload-Metadata", "filename YS5wbmc=")],
                body: Self.image)
            #expect(made.status == 201)
            #expect(made["upload-offset"] == "\(Self.image.count)")
            #expect(made["tus-resumable"] == "1.0.0")
            #expect(made["upload-expires"]?.hasSuffix(" GMT") == true)
            let id = try #require(made["snug-job"])
            #expect(try await server.job(id)["name"]?.text == "a.png")
            #expect(try await server.send("/v1/jobs/\(id)/result").body == Self.image)
            let head = try await server.send("HEAD", try #require(made["location"]), [TestServer.tus])
            #expect(head["snug-job"] == id)
            #expect(head["upload-length"] == "\(Self.image.count)")
        }
        #expect(Self.files(bench) == 0)
    }

    @Test("A first part that comes with the creation is kept, and the rest follows by PATCH", arguments: [0, 1, 50])
    func firstPart(count: Int) async throws {
        try await JobBench().run { server in
            let made = try await server.createUpload(
                length: Self.image.count, "?copy-compliant", [Self.part], body: Array(Self.image[..<count]))
            #expect(made.status == 201)
            #expect(made["upload-offset"] == "\(count)")
            #expect(made["snug-job"] == nil)
            let path = try #require(made["location"])
            #expect(try await server.uploadOffset(path) == "\(count)")
            let done = try await server.sendPart(path, Array(Self.image[count...]), at: count)
            #expect(done.status == 204)
            let id = try #require(done["snug-job"])
            _ = try await server.job(id)
            #expect(try await server.send("/v1/jobs/\(id)/result").body == Self.image)
        }
    }

    @Test("A body of another type is no part: the upload begins empty, as without the extension")
    func otherTypes() async throws {
        try await JobBench().run { server in
            for type in ["application/octet-stream", "image/png", "text/plain"] {
                let made = try await server.createUpload(
                    length: Self.image.count, "", [("Content-Type", type)], body: Self.image)
                #expect(made.status == 201, "\(type)")
                #expect(made["upload-offset"] == nil, "\(type)")
                #expect(try await server.uploadOffset(try #require(made["location"])) == "0", "\(type)")
            }
        }
    }

    @Test("A creation whose part is wrong, or breaks off, leaves nothing: nobody was told where it is")
    func failedCreation() async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            // FIPS 180-4, SHA-1 of "abc".
            let checksum = ("Upload-Checksum", "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")
            for (length, fields, body, status, code) in [
                (3, [checksum], "abd", 460, "checksum_mismatch"), (2, [], "abc", 413, "upload_too_long"),
                (3, [("Upload-Checksum", "crc32 AAAA")], "abc", 400, "invalid_parameter"),
            ] as [(Int, [(String, String)], String, Int, String)] {
                let made = try await server.createUpload(
                    length: length, "", [Self.part] + fields, body: Array(body.utf8))
                #expect(made.status == status, "\(code)")
                #expect(made.code == code)
                #expect(made["location"] == nil)
                #expect(made["tus-resumable"] == "1.0.0")
            }
            let fields = [TestServer.tus, Self.part, ("Upload-Length", "1000")]
            try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("POST", "/v1/uploads", fields, length: 1000) + [1, 2, 3])
                connection.finishSending()
                _ = try? connection.readToEnd()
            }
            while try await Self.uploads(bench) > 0 { try await Task.sleep(for: .milliseconds(2)) }
            while Self.files(bench) > 0 { try await Task.sleep(for: .milliseconds(2)) }
            let right = try await server.createUpload(length: 3, "", [Self.part, checksum], body: Array("abc".utf8))
            #expect(right.status == 201)
            #expect(right["upload-offset"] == "3")
        }
    }

    @Test("A length may be told with any later part, once; the upload is whole when it is reached")
    func deferredLength() async throws {
        try await JobBench().run { server in
            for told in [0, 1, 2] {
                let image = TestImage.noise(width: 9, height: 9, seed: UInt64(told))
                let made = try await server.createUpload(length: nil, "?copy-compliant")
                #expect(made.status == 201)
                let path = try #require(made["location"])
                let length = ("Upload-Length", "\(image.count)")
                var offset = 0
                // The last part may be empty, when the end is known only then.
                for (index, bytes) in [image[..<10], image[10...], []].enumerated() {
                    let head = try await server.send("HEAD", path, [TestServer.tus])
                    #expect(head["upload-offset"] == "\(offset)")
                    #expect(head["upload-length"] == (index > told ? "\(image.count)" : nil))
                    #expect(head["upload-defer-length"] == (index > told ? nil : "1"))
                    let fields = index == told ? [length] : []
                    let part = try await server.sendPart(path, Array(bytes), at: offset, fields)
                    #expect(part.status == 204)
                    offset += bytes.count
                    #expect(part["upload-offset"] == "\(offset)")
                    #expect((part["snug-job"] != nil) == (offset == image.count && index >= told))
                }
                let id = try #require(try await server.send("HEAD", path, [TestServer.tus])["snug-job"])
                _ = try await server.job(id)
                #expect(try await server.send("/v1/jobs/\(id)/result").body == image)
            }
        }
    }

    @Test("Bytes that a checksum refused are no part of the file, however short the right ones are")
    func refusedBytes() async throws {
        try await JobBench().run { server in
            let path = try #require(try await server.createUpload(length: nil, "?copy-compliant")["location"])
            let checksum = ("Upload-Checksum", "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")
            let refused = try await server.sendPart(path, Self.image + [1, 2, 3], at: 0, [checksum])
            #expect(refused.status == 460)
            let done = try await server.sendPart(path, Self.image, at: 0, [("Upload-Length", "\(Self.image.count)")])
            let id = try #require(done["snug-job"])
            _ = try await server.job(id)
            #expect(try await server.send("/v1/jobs/\(id)/result").body == Self.image)
            // Behind the end nothing is taken; that nothing comes is told as before.
            let late = try await server.sendPart(path, [1], at: Self.image.count)
            #expect(late.status == 413)
            #expect(late.code == "upload_too_long")
            let chunks = TestServer.part(at: "\(Self.image.count)") + [("Transfer-Encoding", "chunked")]
            let statuses = try await onThread {
                try ["1\r\na\r\n0\r\n\r\n", "0\r\n\r\n"].map { body in
                    let connection = try RawConnection(port: server.port)
                    try connection.send(server.head("PATCH", path, chunks) + Array(body.utf8))
                    return try connection.readResponse(hasBody: false).status
                }
            }
            #expect(statuses == [413, 204])
            #expect(try await server.sendPart(path, [], at: Self.image.count)["snug-job"] == id)
        }
    }

    @Test("A creation may have a first part and no length")
    func deferredWithPart() async throws {
        try await JobBench().run { server in
            let made = try await server.createUpload(
                length: nil, "?copy-compliant", [Self.part], body: Array(Self.image[..<20]))
            #expect(made.status == 201)
            #expect(made["upload-offset"] == "20")
            let fields = [("Upload-Length", "\(Self.image.count)")]
            let path = try #require(made["location"])
            let done = try await server.sendPart(path, Array(Self.image[20...]), at: 20, fields)
            #expect(done["snug-job"] != nil)
        }
    }

    @Test(
        "A length that contradicts itself, the bytes that are there or the server's limit is refused, and changes nothing"
    )
    func wrongLengths() async throws {
        let bench = try await JobBench()
        try await bench.run({ $0.maximumUploadBytes = 1000 }) { server in
            for (fields, status, parameter) in [
                ([("Upload-Defer-Length", "0")], 400, "Upload-Defer-Length"),
                ([("Upload-Defer-Length", "true")], 400, "Upload-Defer-Length"), ([], 400, "Upload-Length"),
                ([("Upload-Defer-Length", "1"), ("Upload-Length", "5")], 400, "Upload-Defer-Length"),
            ] as [([(String, String)], Int, String)] {
                let made = try await server.send("POST", "/v1/uploads", [TestServer.tus] + fields, body: [])
                #expect(made.status == status, "\(fields)")
                #expect(made.json["details"]?["parameter"]?.text == parameter, "\(fields)")
            }
            #expect(try await Self.uploads(bench) == 0)
            let path = try #require(try await server.createUpload(length: nil)["location"])
            #expect(try await server.sendPart(path, Array("hello".utf8), at: 0).status == 204)
            for (length, status) in [("4", 400), ("0", 400), ("-1", 400), ("x", 400), ("", 400), ("1001", 413)] {
                let part = try await server.sendPart(path, [1], at: 5, [("Upload-Length", length)])
                #expect(part.status == status, "\(length)")
                #expect(part["tus-resumable"] == "1.0.0")
                let head = try await server.send("HEAD", path, [TestServer.tus])
                #expect(head["upload-offset"] == "5", "\(length)")
                #expect(head["upload-defer-length"] == "1", "\(length)")
            }
            // Without a length the bound is the server's.
            let long = try await server.sendPart(path, [UInt8](repeating: 0, count: 996), at: 5)
            #expect(long.status == 413)
            #expect(long.code == "upload_too_long")
            #expect(try await server.sendPart(path, [6], at: 5, [("Upload-Length", "7")]).status == 204)
            for (length, status) in [("8", 400), ("6", 400), ("7", 204)] {
                let part = try await server.sendPart(path, [], at: 6, [("Upload-Length", length)])
                #expect(part.status == status, "\(length)")
            }
            #expect(try await server.send("HEAD", path, [TestServer.tus])["upload-length"] == "7")
        }
    }

    @Test("A part for which the disk has no room is 507, also where the length was not told before")
    func noRoom() async throws {
        let first = try await JobBench()
        let path = try await withServer(jobs: ServerJobs(first.daemon, ledger: first.ledger)) { server in
            try #require(try await server.createUpload(length: nil)["location"])
        }
        try await first.ledger.close()
        let second = try await JobBench(first.folder)
        try await second.run({ $0.minimumDiskBytes = .max / 2 }) { server in
            for fields in [[], [("Upload-Length", "9")]] {
                let part = try await server.sendPart(path, [1, 2], at: 0, fields)
                #expect(part.status == 507)
                #expect(part.code == "disk_full")
            }
            #expect(try await server.uploadOffset(path) == "0")
        }
    }

    @Test("A part that is larger than other bodies may be is asked for when its client asks first")
    func expect100() async throws {
        try await JobBench().run({ ($0.maximumBodyBytes, $0.maximumUploadBytes) = (50, 5000) }) { server in
            let image = TestImage.small
            #expect(image.count > 50)
            let path = try #require(try await server.createUpload(length: image.count)["location"])
            let fields = TestServer.part(at: "0") + [("Expect", "100-continue")]
            let (first, second) = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("PATCH", path, fields, length: image.count))
                let first = try connection.readResponse()
                try connection.send(image)
                return (first.status, try connection.readResponse().status)
            }
            #expect((first, second) == (100, 204))
            let refused = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("PATCH", path, fields, length: 5001))
                return try connection.readResponse()
            }
            #expect(refused.status == 409, "the first response is the last: it is not asked to send")
        }
    }

    @Test("A record of a version without deferred lengths is read, and one that is none is no upload")
    func records() throws {
        let old = """
            {"fields":[{"name":"limit","value":"1MB"}],"id":"\(String(repeating: "a", count: 32))","length":10,\
            "name":"a.png","offset":4}
            """
        let upload = try #require(ReceivedUpload(payload: old))
        #expect(upload.length == 10)
        #expect(upload.missing == 6)
        #expect(!upload.isWhole)
        #expect(try ReceivedUpload(payload: upload.payload) == upload)
        var later = upload
        later.length = nil
        #expect(later.missing == 0)
        #expect(!later.isWhole)
        #expect(try ReceivedUpload(payload: later.payload) == later)
        for text in ["", "{}", "[]", "{\"id\": 5}", "null"] { #expect(ReceivedUpload(payload: text) == nil) }
    }
}
