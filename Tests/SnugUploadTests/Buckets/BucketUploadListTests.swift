// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugUpload

/// Lists of uploads that have not ended.
@Suite struct BucketUploadListTests {
    private static let date = ["Date": "Fri, 20 Nov 2026 12:10:00 GMT"]

    private static func page(
        _ uploads: [(key: String, id: String)], keyMarker: String? = nil, idMarker: String? = nil,
        begun: String? = "2026-11-20T12:00:00.000Z"
    ) -> ScriptedBucket.Step {
        let texts = uploads.map { upload in
            "<Upload><Key>\(upload.key)</Key><UploadId>\(upload.id)</UploadId>"
                + (begun.map { "<Initiated>\($0)</Initiated>" } ?? "") + "</Upload>"
        }
        let markers =
            (keyMarker.map { "<NextKeyMarker>\($0)</NextKeyMarker>" } ?? "")
            + (idMarker.map { "<NextUploadIdMarker>\($0)</NextUploadIdMarker>" } ?? "")
        return ScriptedBucket.reply(
            200, date,
            "<ListMultipartUploadsResult><IsTruncated>\(!markers.isEmpty)</IsTruncated>\(markers)\(texts.joined())"
                + "</ListMultipartUploadsResult>")
    }

    private func all(_ server: ScriptedBucket, prefix: String = "") async throws -> [BucketUpload] {
        let client = try makeBucketClient(server.endpoint)
        var page = try await client.unfinishedUploads(prefix: prefix)
        var uploads = page.uploads
        while let next = page.next {
            page = try await client.unfinishedUploads(prefix: prefix, continuation: next)
            uploads += page.uploads
        }
        return uploads
    }

    private func fault(_ steps: ScriptedBucket.Step...) async throws -> BucketError? {
        let server = try steps.count == 1 ? ScriptedBucket(steps[0]) : ScriptedBucket(steps[0], steps[1])
        return await #expect(throws: BucketError.self) { try await all(server) }
    }

    @Test("Uploads are read page by page by both markers, with ages by the server's clock")
    func pages() async throws {
        let server = try ScriptedBucket(
            Self.page([("p/a", "1"), ("p/b&amp;c", "2")], keyMarker: "p/b&amp;c", idMarker: "2/="),
            Self.page([("p/d", "3")]))
        let uploads = try await all(server, prefix: "p/")
        #expect(uploads.map(\.key) == ["p/a", "p/b&c", "p/d"] && uploads.map(\.id) == ["1", "2", "3"])
        #expect(uploads.allSatisfy { $0.age == .seconds(600) })
        #expect(
            server.requests.map(\.target) == [
                "/bkt?max-uploads=1000&prefix=p%2F&uploads=",
                "/bkt?key-marker=p%2Fb%26c&max-uploads=1000&prefix=p%2F&upload-id-marker=2%2F%3D&uploads=",
            ])
    }

    @Test("A server that tells one marker gets that one back")
    func oneMarker() async throws {
        let server = try ScriptedBucket(Self.page([("a", "1")], idMarker: "1"), Self.page([("a", "2")]))
        #expect(try await all(server).count == 2)
        #expect(server.requests.last?.target == "/bkt?max-uploads=1000&prefix=&upload-id-marker=1&uploads=")
    }

    @Test("An upload without a time has no age, and a date to come is new")
    func ages() async throws {
        for (begun, age) in [(nil, nil), ("soon", nil), ("2027-01-01T00:00:00Z", Duration.zero)] {
            let server = try ScriptedBucket(Self.page([("a", "1")], begun: begun))
            #expect(try await all(server).map(\.age) == [age])
        }
    }

    @Test("Uploads of keys that were not asked for are left out")
    func others() async throws {
        let server = try ScriptedBucket(Self.page([("q/a", "1"), ("p", "2"), ("p/a", "3")]))
        #expect(try await all(server, prefix: "p/").map(\.id) == ["3"])
    }

    @Test(
        "A server that knows no such list says so in one of many ways",
        arguments: [
            ScriptedBucket.error(501, "NotImplemented"), ScriptedBucket.reply(501), ScriptedBucket.reply(404),
            ScriptedBucket.reply(405), ScriptedBucket.error(400, "NotImplemented"),
            ScriptedBucket.reply(200, [:], "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"),
        ])
    func unsupported(step: @escaping ScriptedBucket.Step) async throws {
        let error = try await fault(step)
        #expect(error?.code == .unsupported && error?.message.contains("lists no unfinished uploads") == true)
    }

    @Test("A bucket that is not there and keys that may not look are what they are")
    func refused() async throws {
        #expect(try await fault(ScriptedBucket.error(404, "NoSuchBucket"))?.code == .noBucket)
        #expect(try await fault(ScriptedBucket.error(403, "AccessDenied"))?.code == .credentialsRefused)
    }

    @Test("A list that repeats its markers, or whose pages never end, is ended")
    func endless() async throws {
        let same = Self.page([("a", "1")], keyMarker: "a", idMarker: "1")
        #expect(try await fault(same, same)?.code == .misbehaved)
        let count = Mutex(0)
        let server = try ScriptedBucket({ connection, request in
            let number = count.withLock { count in
                count += 1
                return count
            }
            try Self.page([], keyMarker: "k\(number)")(connection, request)
        })
        let error = await #expect(throws: BucketError.self) { try await all(server) }
        #expect(error?.code == .misbehaved && server.requests.count == 1000)
    }

    @Test(
        "What is no list of uploads is refused",
        arguments: [
            "", "<html></html>", "<ListMultipartUploadsResult><Upload>",
            "<ListMultipartUploadsResult><Upload><Key>a</Key></Upload></ListMultipartUploadsResult>",
            "<ListMultipartUploadsResult><Upload><UploadId>1</UploadId></Upload></ListMultipartUploadsResult>",
            "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated></ListMultipartUploadsResult>",
        ])
    func noList(body: String) async throws {
        #expect(try await fault(ScriptedBucket.reply(200, [:], body))?.code == .misbehaved)
    }

    @Test("An upload is ended by its own name, after faults that pass; one that is gone is no error")
    func aborts() async throws {
        let server = try ScriptedBucket(ScriptedBucket.error(503, "SlowDown"), ScriptedBucket.reply(204))
        let upload = BucketUpload(key: "p/a b", id: "1/2", age: nil)
        try await makeBucketClient(server.endpoint).abort(upload)
        #expect(server.requests.map(\.method) == ["DELETE", "DELETE"])
        #expect(server.requests.last?.target == "/bkt/p/a%20b?uploadId=1%2F2")
        let gone = try ScriptedBucket(ScriptedBucket.error(404, "NoSuchUpload"))
        try await makeBucketClient(gone.endpoint).abort(upload)
        let denied = try ScriptedBucket(ScriptedBucket.error(403, "AccessDenied"))
        let error = await #expect(throws: BucketError.self) {
            try await makeBucketClient(denied.endpoint).abort(upload)
        }
        #expect(error?.code == .credentialsRefused)
    }
}
