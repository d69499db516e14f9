// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// The storage host: signed URLs, ranges, redirects, credentials.
@Suite struct DownloadServiceTests {
    private static let bytes = [UInt8](0..<100)

    /// A client whose storage has one file of 100 bytes, and its path.
    private func storage(
        acceptsRanges: Bool = true, expiry: Int? = nil, redirects: Int = 0
    ) -> (client: DirectClient, path: String) {
        let client = DirectClient()
        let file = FileStore.File(
            bytes: Self.bytes, contentType: "image/png", fileExtension: "png", acceptsRanges: acceptsRanges)
        let name = client.world.files.add(file)
        let end = expiry.map { client.world.clock.seconds + $0 }
        return (client, client.world.files.path(name, expiry: end, redirects: redirects))
    }

    private func get(_ client: DirectClient, _ path: String, _ headers: Headers = [:], method: String = "GET")
        async throws -> Reply
    {
        try await client.send(method, .downloads, path, headers: headers)
    }

    // MARK: Ranges (RFC 9110 §14)

    static let rangeTable: [(String, Int, Range<Int>?)] = [
        ("bytes=0-0", 206, 0..<1), ("bytes=0-99", 206, 0..<100), ("bytes=10-19", 206, 10..<20),
        ("bytes=99-99", 206, 99..<100), ("bytes=90-", 206, 90..<100), ("bytes=0-", 206, 0..<100),
        ("bytes=90-1000", 206, 90..<100), ("bytes=-1", 206, 99..<100), ("bytes=-100", 206, 0..<100),
        ("bytes=-1000", 206, 0..<100), ("bytes=100-", 416, nil), ("bytes=100-200", 416, nil), ("bytes=-0", 416, nil),
        ("bytes=20-10", 416, nil), ("bytes=0-1,5-6", 200, nil), ("bytes=a-b", 200, nil), ("bytes=", 200, nil),
        ("bytes=-", 200, nil), ("bytes=5", 200, nil), ("lines=0-5", 200, nil), ("bytes=+1-5", 200, nil),
        ("bytes=0x1-5", 200, nil), ("bytes 0-5", 200, nil), ("bytes=1.5-5", 200, nil), ("bytes=1-2-3", 200, nil),
        ("bytes=99999999999999999999-", 416, nil), ("bytes=90-99999999999999999999", 206, 90..<100),
        ("bytes=-99999999999999999999", 206, 0..<100),
    ]

    @Test("A range is served, unsatisfiable or ignored as the standard says", arguments: rangeTable)
    func ranges(range: String, status: Int, expected: Range<Int>?) async throws {
        let (client, path) = storage()
        let reply = try await get(client, path, ["Range": range])
        #expect(reply.status == status)
        switch status {
        case 206:
            let span = try #require(expected)
            #expect(reply.bytes == Array(Self.bytes[span]))
            #expect(reply.headers["Content-Range"] == "bytes \(span.lowerBound)-\(span.upperBound - 1)/100")
        case 416: #expect(reply.headers["Content-Range"] == "bytes */100")
        default: #expect(reply.bytes == Self.bytes && reply.headers["Content-Range"] == nil)
        }
    }

    @Test("Any two ranges that meet put the file together again", arguments: [1, 13, 50, 99])
    func halves(cut: Int) async throws {
        let (client, path) = storage()
        let head = try await get(client, path, ["Range": "bytes=0-\(cut - 1)"])
        let tail = try await get(client, path, ["Range": "bytes=\(cut)-"])
        #expect(head.bytes + tail.bytes == Self.bytes)
        #expect(head.headers["ETag"] == tail.headers["ETag"] && head.headers["ETag"] != nil)
    }

    @Test("If-Range lets a range through for the same bytes only")
    func ifRange() async throws {
        let (client, path) = storage()
        let tag = try #require(try await get(client, path).headers["ETag"])
        #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
        let same = try await get(client, path, ["Range": "bytes=5-", "If-Range": tag])
        #expect(same.status == 206)
        for validator in ["\"other\"", "W/\(tag)", "Sun, 29 Nov 2026 08:00:00 GMT", ""] {
            let reply = try await get(client, path, ["Range": "bytes=5-", "If-Range": validator])
            #expect(reply.status == 200 && reply.bytes == Self.bytes)
        }
    }

    @Test("A range has a meaning for GET only")
    func headIgnoresRanges() async throws {
        let (client, path) = storage()
        let reply = try await get(client, path, ["Range": "bytes=5-"], method: "HEAD")
        #expect(reply.status == 200 && reply.headers["Content-Range"] == nil)
    }

    @Test("A host without ranges says so and sends everything")
    func withoutRanges() async throws {
        let (client, path) = storage(acceptsRanges: false)
        let reply = try await get(client, path, ["Range": "bytes=5-9"])
        #expect(reply.status == 200 && reply.bytes == Self.bytes && reply.headers["Accept-Ranges"] == "none")
    }

    // MARK: Signatures

    @Test("A signed URL works until its moment", arguments: [(0, 200), (55, 200), (60, 403), (86_400, 403)])
    func expiry(seconds: Int, status: Int) async throws {
        let (client, path) = storage(expiry: 60)
        client.pass(seconds)
        let reply = try await get(client, path)
        #expect(reply.status == status)
        if status == 403 {
            #expect(reply.text.contains("<Code>AccessDenied</Code>") && reply.text.contains("expired"))
            #expect(reply.headers["Content-Type"] == "application/xml")
        }
    }

    @Test("A signature is for its file and its moment only")
    func forgery() async throws {
        let (client, path) = storage(expiry: 60)
        let later = client.world.clock.seconds + 6000
        let query = path.split(separator: "?").last.map(String.init) ?? ""
        let other = client.world.files.add(FileStore.File(bytes: [1], contentType: "image/png", fileExtension: "png"))
        let forged = [
            path + "0", path.replacing("signature=", with: "signature=0"),
            path.replacing("expires=", with: "expires=1"),
            "/generations/\(other)?\(query)", "/generations/\(other)?expires=\(later)&signature=",
            "/generations/\(other)?expires=soon&signature=x", "/generations/\(other)?expires=\(later)",
        ]
        for url in forged {
            let reply = try await get(client, url)
            #expect(reply.status == 403 && reply.text.contains("SignatureDoesNotMatch"))
        }
        #expect(try await get(client, path).status == 200)
    }

    // MARK: Redirects

    @Test("Redirects count down and keep the signature", arguments: 1...4)
    func redirects(count: Int) async throws {
        let (client, path) = storage(expiry: 60, redirects: count)
        var (target, hops) = (path, 0)
        while true {
            let reply = try await get(client, target)
            guard reply.status == 302 else {
                #expect(reply.status == 200 && reply.bytes == Self.bytes)
                break
            }
            hops += 1
            #expect(reply.bytes.isEmpty)
            target = try #require(reply.headers["Location"])
            try #require(hops <= count)
        }
        #expect(hops == count)
    }

    // MARK: Refusals

    @Test("Credentials are refused in the header and in the query, as with a signature already there")
    func credentials() async throws {
        let (client, path) = storage()
        for headers in [["Authorization": "Bearer sk_paid"], ["authorization": "Basic x"]] as [Headers] {
            let reply = try await get(client, path, headers)
            #expect(reply.status == 400 && reply.text.contains("<Code>InvalidArgument</Code>"))
        }
        #expect(try await get(client, path + "?key=sk_paid").status == 400)
    }

    @Test("Only GET and HEAD are allowed", arguments: ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
    func methods(method: String) async throws {
        let (client, path) = storage()
        #expect(try await get(client, path, method: method).status == 405)
        #expect(try await get(client, path, method: "HEAD").status == 200)
    }

    @Test(
        "What is not there is a missing key",
        arguments: [
            "/", "/generations", "/generations/1.png", "/other/18491.png", "/generations/a/b",
            "/redirect/x/generations/1",
        ])
    func missing(path: String) async throws {
        let reply = try await get(storage().client, path)
        #expect(reply.status == 404 && reply.text.contains("<Code>NoSuchKey</Code>"))
    }

    @Test("A file that is not there at first can be there the next time")
    func missingOnce() async throws {
        let (client, path) = storage()
        client.world.script.add([Rule(Fault(answer: .status(code: 404)), service: .downloads)])
        #expect(try await get(client, path).text.contains("NoSuchKey"))
        #expect(try await get(client, path).status == 200)
    }

    @Test(
        "Scripted failures are XML where storage has a word for them",
        arguments: [(403, "AccessDenied"), (404, "NoSuchKey"), (500, "InternalError"), (503, "SlowDown")])
    func failures(status: Int, word: String) async throws {
        let (client, path) = storage()
        client.world.script.add([Rule(Fault(answer: .status(code: status)))])
        let reply = try await get(client, path)
        #expect(reply.status == status && reply.text.contains("<Code>\(word)</Code>"))
    }

    // MARK: Results

    static let wrong: [(JobPlan.Image, FlatImage.Format, String)] = [
        (.html, .png, "text/html"), (.json, .png, "application/json"), (.empty, .png, "image/png"),
        (.truncated, .jpeg, "image/jpeg"), (.wrongFormat, .png, "image/png"), (.wrongFormat, .webp, "image/webp"),
        (.asAsked, .webp, "image/webp"),
    ]

    @Test("A plan decides about the bytes and the type that they are stored under", arguments: wrong)
    func results(image: JobPlan.Image, format: FlatImage.Format, type: String) {
        let client = DirectClient()
        let maker = ResultMaker(world: client.world)
        let plan = JobPlan(image: image)
        let bytes = maker.bytes(plan, width: 64, height: 64, seed: 1, format: format)
        let whole = FlatImage(width: 64, height: 64, seed: 1).bytes(format)
        #expect(client.world.files[maker.store(bytes, plan: plan, format: format)]?.contentType == type)
        switch image {
        case .asAsked: #expect(bytes == whole)
        case .truncated: #expect(bytes == Array(whole.prefix(whole.count / 2)))
        case .wrongFormat: #expect(ImageSniffer(bytes: bytes).format == (format == .png ? "jpeg" : "png"))
        case .empty: #expect(bytes.isEmpty)
        case .html, .json: #expect(ImageSniffer(bytes: bytes).format == nil && !bytes.isEmpty)
        }
    }

    @Test("A plan's lifetime outranks the provider's, and none means for ever")
    func lifetimes() async throws {
        let client = DirectClient()
        let maker = ResultMaker(world: client.world)
        let name = maker.store([1], plan: JobPlan(), format: .png)
        #expect(!maker.url(name, plan: JobPlan()).contains("expires"))
        let urls = [
            maker.url(name, plan: JobPlan(urlLifetime: 10), lifetime: 1000),
            maker.url(name, plan: JobPlan(), lifetime: 20),
        ]
        client.pass(10)
        #expect(try await client.download(urls[0]).status == 403)
        #expect(try await client.download(urls[1]).status == 200)
        client.pass(10)
        #expect(try await client.download(urls[1]).status == 403)
    }
}
