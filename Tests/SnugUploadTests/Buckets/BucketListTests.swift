// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugUpload

@Suite struct BucketListTests {
    private static let date = ["Date": "Fri, 20 Nov 2026 12:10:00 GMT"]

    private static func page(_ keys: [String], token: String? = nil, encoding: String? = "url") -> ScriptedBucket.Step {
        let contents = keys.map {
            "<Contents><Key>\($0)</Key><LastModified>2026-11-20T12:00:00.123Z</LastModified>"
                + "<ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>"
        }.joined()
        let more = token.map { "<IsTruncated>true</IsTruncated><NextContinuationToken>\($0)</NextContinuationToken>" }
        return ScriptedBucket.reply(
            200, date,
            "<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                + (encoding.map { "<EncodingType>\($0)</EncodingType>" } ?? "")
                + (more ?? "<IsTruncated>false</IsTruncated>") + contents + "</ListBucketResult>")
    }

    /// All keys, page by page.
    private func all(_ server: ScriptedBucket, prefix: String = "", after: String? = nil) async throws -> [String] {
        let client = try makeBucketClient(server.endpoint)
        var keys: [String] = []
        var page = try await client.list(prefix: prefix, after: after)
        keys += page.objects.map(\.key)
        while let next = page.next {
            page = try await client.list(prefix: prefix, continuation: next)
            keys += page.objects.map(\.key)
        }
        return keys
    }

    private func fault(_ steps: ScriptedBucket.Step..., prefix: String = "") async throws -> BucketError? {
        let server =
            switch steps.count {
            case 1: try ScriptedBucket(steps[0])
            default: try ScriptedBucket(steps[0], steps[1])
            }
        return await #expect(throws: BucketError.self) { try await all(server, prefix: prefix) }
    }

    @Test("A list is read page by page, with sizes and ages by the server's clock")
    func pages() async throws {
        let server = try ScriptedBucket(
            Self.page(["p/a%20b", "p/c%2Bd"], token: "t/1=&amp;"), Self.page(["p/d+e", "p/%C3%A9%3C"]))
        #expect(try await all(server, prefix: "p/", after: "p/A") == ["p/a b", "p/c+d", "p/d e", "p/é<"])
        let targets = server.requests.map(\.target)
        #expect(
            targets == [
                "/bkt?encoding-type=url&list-type=2&max-keys=1000&prefix=p%2F&start-after=p%2FA",
                "/bkt?continuation-token=t%2F1%3D%26&encoding-type=url&list-type=2&max-keys=1000&prefix=p%2F",
            ])
        let page = try await makeBucketClient(server.endpoint, now: 0).list(prefix: "p/")
        #expect(page.objects.first?.age == .seconds(600) && page.objects.first?.byteCount == 7)
        #expect(page.objects.first?.etag == "\"e\"")
    }

    @Test("Keys of a server that does not encode them are taken as they are")
    func plain() async throws {
        let server = try ScriptedBucket(Self.page(["a%20b", "a+b&amp;&#x63;"], encoding: nil))
        #expect(try await all(server) == ["a%20b", "a+b&c"])
    }

    @Test("A list that repeats its token, or sends empty pages for ever, is ended")
    func endless() async throws {
        let empty = try await fault(Self.page(["a"], token: "t"), Self.page([], token: "t"))
        #expect(empty?.code == .misbehaved)
        let count = Counter()
        let server = try ScriptedBucket({ connection, request in
            try Self.page([], token: "t\(count.next())")(connection, request)
        })
        let error = await #expect(throws: BucketError.self) { try await all(server) }
        #expect(error?.code == .misbehaved && server.requests.count == 100)
    }

    @Test("A list that repeats objects, or whose order is none, is refused")
    func order() async throws {
        #expect(try await fault(Self.page(["a", "b"], token: "t"), Self.page(["b", "c"]))?.code == .misbehaved)
        #expect(try await fault(Self.page(["b", "a"]))?.code == .misbehaved)
        #expect(try await fault(Self.page(["a", "a"]))?.code == .misbehaved)
        #expect(try await fault(Self.page(["q/a"]), prefix: "p/")?.code == .misbehaved)
    }

    @Test(
        "What is no list is refused, also when it begins like one",
        arguments: [
            "", "hello", "<html><body>It works!</body></html>", "<ListBucketResult><Contents>",
            "<ListBucketResult></Contents></ListBucketResult>",
            "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><ListBucketResult>&b;</ListBucketResult>",
        ])
    func noList(body: String) async throws {
        #expect(try await fault(ScriptedBucket.reply(200, [:], body))?.code == .misbehaved)
    }

    @Test("A page that is larger than a page can be is not read")
    func large() async throws {
        let server = try ScriptedBucket({ connection, _ in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            for _ in 0..<10_000 { try connection.send(String(repeating: " ", count: 100_000)) }
        })
        let error = await #expect(throws: BucketError.self) { try await all(server) }
        #expect(error?.code == .refused)
    }
}

private final class Counter: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}
