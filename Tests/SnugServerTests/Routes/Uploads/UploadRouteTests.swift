// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugLedger
import SnugSystem
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

@testable import SnugServer

/// The upload protocol tus 1.0.0, as its clients speak it.
@Suite struct UploadRouteTests {
    private static let noise = TestImage.noise(width: 300, height: 200)

    @Test(
        "Our own uploader sends an image in parts with checksums, and the image becomes a job with the query's options")
    func ownUploader() async throws {
        let bench = try await JobBench()
        let file = try bench.folder.write(Self.noise, to: "photo.png")
        try await bench.run { server in
            let address = try HTTPURL("http://127.0.0.1:\(server.port)/v1/uploads?max-side=64&format=jpeg")
            var options = UploadOptions()
            options.chunkSize = 50_000
            options.adaptsChunkSize = false
            let uploader = Uploader(client: try makeClient(), store: nil, logger: quietLogger)
            let receipt = try await uploader.upload(file, to: UploadTarget(address, .tus), options: options)
            #expect(receipt.bytes == Self.noise.count)
            let path = try #require(receipt.url.firstMatch(of: /\/v1\/uploads\/[0-9a-f]{32}/)).output
            let id = try #require(try await server.send("HEAD", String(path), [TestServer.tus])["snug-job"])
            #expect(try await server.job(id)["name"]?.text == "photo.png")
            let result = try await server.send("/v1/jobs/\(id)/result")
            #expect(JPEGReference.plane(0, of: result.body)?.width == 64)
            // The bytes are the job's now.
            #expect(!bench.folder.files().contains { $0.hasPrefix("state/submissions/uploads/") })
        }
    }

    @Test("The server tells what it can do, and each response has the version of the protocol")
    func options() async throws {
        try await JobBench().run({ $0.maximumUploadBytes = 1000 }) { server in
            let options = try await server.send("OPTIONS", "/v1/uploads")
            #expect(options.status == 204)
            #expect(options["tus-version"] == "1.0.0")
            #expect(options["tus-max-size"] == "1000")
            #expect(options["tus-checksum-algorithm"] == "sha1,sha256")
            let created = try await server.createUpload(
                length: 3, "", [("Upload-Metadata", "filename YS5wbmc=,is_confidential")])
            #expect(created.status == 201)
            #expect(created["tus-resumable"] == "1.0.0")
            #expect(created["upload-expires"]?.hasSuffix(" GMT") == true)
            let head = try await server.send("HEAD", try #require(created["location"]), [TestServer.tus])
            #expect(head["upload-offset"] == "0")
            #expect(head["upload-length"] == "3")
            #expect(head["upload-metadata"] == "filename YS5wbmc=,is_confidential")
            #expect(head["cache-control"] == "no-store")
        }
    }

    @Test("What came before the connection broke stays, and the rest follows at the server's offset")
    func resumes() async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            let path = try #require(try await server.createUpload(length: Self.noise.count)["location"])
            let part = Array(Self.noise[..<70_000])
            try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(
                    server.head("PATCH", path, TestServer.part(at: "0"), length: Self.noise.count) + part)
                connection.finishSending()
                _ = try? connection.readToEnd()
            }
            while try await server.uploadOffset(path) != "70000" { try await Task.sleep(for: .milliseconds(5)) }
            let wrong = try await server.sendPart(path, part, at: 0)
            #expect(wrong.status == 409)
            #expect(wrong.code == "offset_mismatch")
            #expect(wrong["upload-offset"] == "70000")
            var last = wrong
            // Until the connection that broke has given the upload back.
            while last.status != 204 {
                last = try await server.sendPart(path, Array(Self.noise[70_000...]), at: 70_000)
            }
            #expect(last["upload-offset"] == "\(Self.noise.count)")
            #expect(try await server.job(try #require(last["snug-job"]))["folder"]?.text == "http")
        }
    }

    @Test(
        "A part that is not that of its checksum is 460 and leaves nothing; the right one stays (FIPS 180-4, 'abc')",
        arguments: [
            "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
        ])
    func checksums(checksum: String) async throws {
        try await JobBench().run { server in
            let path = try #require(try await server.createUpload(length: 3)["location"])
            let fields = [("Upload-Checksum", checksum)]
            let wrong = try await server.sendPart(path, Array("abd".utf8), at: 0, fields)
            #expect(wrong.status == 460)
            #expect(wrong.code == "checksum_mismatch")
            #expect(try await server.uploadOffset(path) == "0")
            #expect(try await server.sendPart(path, Array("abc".utf8), at: 0, fields).status == 204)
            #expect(try await server.uploadOffset(path) == "3")
        }
    }

    @Test("An upload that is given up is gone with its bytes, and so is one whose time is over")
    func ends() async throws {
        let bench = try await JobBench()
        @Sendable func files() -> [String] {
            bench.folder.files().filter { $0.hasPrefix("state/submissions/uploads/") }
        }
        try await bench.run { server in
            let path = try #require(try await server.createUpload(length: 10)["location"])
            #expect(try await server.sendPart(path, [1, 2], at: 0).status == 204)
            #expect(files().count == 1)
            #expect(try await server.send("DELETE", path, [TestServer.tus]).status == 204)
            #expect(files().isEmpty)
            #expect(try await server.send("DELETE", path, [TestServer.tus]).status == 404)
            #expect(try await server.sendPart(path, [3], at: 2).code == "no_such_upload")
        }
        let short = try await JobBench()
        try await short.run({ ($0.uploadAge, $0.uploadPeriod) = (.milliseconds(300), .milliseconds(5)) }) { server in
            let path = try #require(try await server.createUpload(length: 10)["location"])
            _ = try await server.sendPart(path, [1, 2], at: 0)
            while try await server.send("HEAD", path, [TestServer.tus]).status != 404 {}
            while short.folder.files().contains(where: { $0.hasPrefix("state/submissions/uploads/") }) {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    @Test("A part that cannot be written is 507, the offset stays, and the part is taken once it can be")
    func writeFailure() async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            let path = try #require(try await server.createUpload(length: 10)["location"])
            // A folder in the place of the file.
            let id = String(try #require(path.split(separator: "/").last))
            let obstacle = bench.folder.path.appending("state/submissions/uploads/\(id)")
            try FileSystem.makeFolders(obstacle, mode: 0o700)
            let failed = try await server.sendPart(path, [1, 2, 3], at: 0)
            #expect(failed.status == 507)
            #expect(failed.code == "io_failed")
            #expect(failed["tus-resumable"] == "1.0.0")
            #expect(try await server.uploadOffset(path) == "0")
            try FileSystem.removeFolder(obstacle)
            #expect(try await server.sendPart(path, [1, 2, 3], at: 0).status == 204)
            #expect(try await server.uploadOffset(path) == "3")
        }
    }

    @Test("One request at a time has an upload: another one is 423")
    func locks() async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            let path = try #require(try await server.createUpload(length: 10)["location"])
            let name = "received:\(path.split(separator: "/").last ?? "")"
            let lock = try #require(try await bench.ledger.lock(name))
            let locked = try await server.sendPart(path, [1], at: 0)
            #expect(locked.status == 423)
            #expect(locked.code == "upload_locked")
            try await bench.ledger.unlock(lock)
            #expect(try await server.sendPart(path, [1], at: 0).status == 204)
        }
    }

    @Test("An upload that was whole when the daemon ended becomes a job of the next one")
    func restart() async throws {
        let first = try await JobBench()
        let path = try await withServer(jobs: ServerJobs(first.daemon, ledger: first.ledger)) { server in
            let path = try #require(
                try await server.createUpload(length: TestImage.small.count, "?copy-compliant")["location"])
            let whole = try await server.sendPart(path, TestImage.small, at: 0)
            #expect(whole.status == 204)
            #expect(whole["snug-job"] == nil)
            return path
        }
        try await first.ledger.close()
        try await JobBench(first.folder).run({ $0.uploadPeriod = .milliseconds(5) }) { server in
            var id: String?
            while id == nil { id = try await server.send("HEAD", path, [TestServer.tus])["snug-job"] }
            _ = try await server.job(try #require(id))
            #expect(try await server.send("/v1/jobs/\(id ?? "")/result").body == TestImage.small)
        }
    }

    @Test("What is wrong with a request is told with its status, and keeps nothing")
    func refusals() async throws {
        let bench = try await JobBench()
        try await bench.run({ $0.maximumUploadBytes = 1000 }) { server in
            let good = [TestServer.tus, ("Upload-Length", "10")]
            for (query, fields, status, code) in [
                ("", [("Upload-Length", "10")], 412, "tus_version"),
                ("", [("Tus-Resumable", "0.2.2"), ("Upload-Length", "10")], 412, "tus_version"),
                ("", [TestServer.tus], 400, "invalid_parameter"),
                ("", [TestServer.tus, ("Upload-Length", "0")], 400, "invalid_parameter"),
                ("", [TestServer.tus, ("Upload-Length", "-1")], 400, "invalid_parameter"),
                ("", [TestServer.tus, ("Upload-Length", "1001")], 413, "body_too_large"),
                ("", good + [("Upload-Metadata", "filename !")], 400, "invalid_parameter"),
                ("?limt=1", good, 400, "unknown_parameter"), ("?limit=x", good, 400, "invalid_parameter"),
                ("", good + [("Host", "evil.example")], 421, "unknown_host"),
                ("", good + [("Origin", "http://evil.example")], 403, "foreign_origin"),
            ] as [(String, [(String, String)], Int, String)] {
                let response = try await server.send("POST", "/v1/uploads" + query, fields, body: [])
                #expect(response.status == status, "\(code)")
                #expect(response.code == code)
            }
            let path = try #require(try await server.createUpload(length: 10)["location"])
            let type = try await server.send("PATCH", path, [TestServer.tus, ("Upload-Offset", "0")], body: [1])
            #expect(type.status == 415)
            #expect(type["tus-resumable"] == "1.0.0")
            #expect(try await server.sendPart(path, [UInt8](repeating: 0, count: 11), at: 0).status == 413)
            let md5 = [("Upload-Checksum", "md5 rL0Y20zC+Fzt72VPzMSk2A==")]
            #expect(try await server.sendPart(path, [1], at: 0, md5).code == "invalid_parameter")
            #expect(try await server.uploadOffset(path) == "0")
            for other in ["/v1/uploads/..%2f..%2fledger.sqlite", "/v1/uploads/" + String(repeating: "0", count: 32)] {
                #expect(try await server.send("HEAD", other, [TestServer.tus]).status == 404)
            }
        }
        try await bench.ledger.close()
        try await JobBench(bench.folder).run({ $0.minimumDiskBytes = .max / 2 }) { server in
            let full = try await server.createUpload(length: 10)
            #expect(full.code == "disk_full")
        }
    }
}
