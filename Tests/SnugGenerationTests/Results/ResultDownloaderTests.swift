// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration

/// Takes for an image what begins and ends as one of `imageBytes`.
func checkImage(_ path: FilePath) async throws -> ImageFacts {
    struct Damaged: Error {}
    let content = try bytes(of: path)
    guard content == imageBytes(content.count) else { throw Damaged() }
    return ImageFacts(mediaType: "image/png", size: ImageSize(width: 10, height: 20))
}

@Suite struct ResultDownloaderTests {
    private let folder: TemporaryFolder
    private let threads: BlockingThreads
    private let image = imageBytes(100_000)
    private var destination: ImageDestination {
        ImageDestination(folder: folder.path.appending("out"), name: "cat")
    }

    init() throws {
        folder = try TemporaryFolder()
        threads = BlockingThreads(count: 4)
    }

    private func downloader(
        base: HTTPURL? = nil, attempts: Int = 4, byteLimit: Int = 1_000_000, allowsInternal: Bool = true,
        _ waits: @escaping @Sendable (Duration) -> Void = { _ in }
    ) throws -> ResultDownloader {
        var environment = RetryEnvironment()
        environment.sleep = { waits($0) }
        environment.random = { 1 }
        return ResultDownloader(
            client: try makeClient(), threads: threads, checker: checkImage,
            base: try base ?? HTTPURL("http://127.0.0.1:1/v1/"), policy: RetryPolicy(maximumAttempts: attempts),
            byteLimit: byteLimit, allowsInternal: allowsInternal, environment: environment)
    }

    /// A server that answers each request by its number, from 0 on.
    private func server(
        _ answer: @escaping @Sendable (FaultConnection, FaultServer.Request, Int) throws -> Void
    ) throws -> FaultServer {
        let count = Mutex(0)
        return try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                let number = count.withLock { count in
                    defer { count += 1 }
                    return count
                }
                try answer(connection, request, number)
            }
        }
    }

    private func whole(_ body: [UInt8], type: String = "image/png") throws -> FaultServer {
        try server { connection, _, _ in
            try connection.respond(200, ["Content-Type": type, "Content-Length": "\(body.count)"])
            try connection.send(body)
        }
    }

    private func failure(
        _ server: FaultServer, _ downloader: ResultDownloader, deadline: ContinuousClock.Instant? = nil
    ) async throws -> GenerationError {
        let (url, destination) = (server.url("/x"), destination)
        return try #require(
            await #expect(throws: GenerationError.self) {
                _ = try await downloader.download(url, to: destination, deadline: deadline)
            })
    }

    @Test("A result gets its name and the extension of its content, and nothing else is left")
    func download() async throws {
        let server = try whole(image, type: "image/jpeg")
        let seen = Mutex<(Int, Int?)>((0, nil))
        let url = server.url("/cat.webp?x=secret")
        let result = try await downloader().download(
            url, to: destination,
            onProgress: { received, total in
                seen.withLock { $0 = (received, total) }
            })
        #expect(folder.files() == ["out/cat.png"])
        #expect(try bytes(of: result.path) == image)
        #expect(result.mediaType == "image/png" && result.size == ImageSize(width: 10, height: 20))
        #expect(result.byteCount == image.count && result.source?.contains("secret") == false)
        #expect(seen.withLock { $0 } == (image.count, image.count))
    }

    @Test("A broken download resumes where it stopped, also across redirects to another host")
    func resumes() async throws {
        let (image, tag) = (image, "\"v1\"")
        let store = try server { connection, request, number in
            guard let range = request.headers["range"] else {
                try connection.respond(200, ["ETag": tag, "Content-Length": "\(image.count)"])
                try connection.send(Array(image[..<40_000]))
                return connection.close()
            }
            let start = try #require(Int(range.dropFirst(6).dropLast()))
            let end = number == 1 ? 70_000 : image.count
            let span = "bytes \(start)-\(image.count - 1)/\(image.count)"
            try connection.respond(
                206, ["ETag": tag, "Content-Range": span, "Content-Length": "\(image.count - start)"])
            try connection.send(Array(image[start..<end]))
            if end < image.count { connection.close() }
        }
        let front = try server { connection, _, _ in try connection.respond(302, ["Location": store.url("/file")]) }
        let waits = Mutex<[Duration]>([])
        let downloader = try downloader(base: front.address()) { wait in waits.withLock { $0.append(wait) } }
        let result = try await downloader.download("/x", to: destination) { request in
            try request.headerFields.set("Authorization", secret: Secret("k"), prefix: "Bearer ")
        }
        #expect(try bytes(of: result.path) == image)
        #expect(store.requests.map { $0.headers["range"] } == [nil, "bytes=40000-", "bytes=70000-"])
        #expect(store.requests.map { $0.headers["if-range"] } == [nil, tag, tag])
        // The provider's own origin gets the key, the other host never.
        #expect(front.requests.allSatisfy { $0.headers["authorization"] == "Bearer k" })
        #expect(store.requests.allSatisfy { $0.headers["authorization"] == nil })
        #expect(waits.withLock { $0 } == [.zero, .zero])
    }

    @Test("An address on another origin than the provider's gets no key")
    func foreign() async throws {
        let server = try whole(image)
        _ = try await downloader().download(server.url("/x"), to: destination) { request in
            try request.headerFields.set("Authorization", secret: Secret("k"))
        }
        #expect(server.requests.first?.headers["authorization"] == nil)
    }

    @Test("Parts of two files are noticed, and the whole is fetched once more")
    func mixed() async throws {
        let image = image
        let server = try server { connection, request, number in
            if number == 1 {
                let rest = [UInt8](repeating: 0, count: 60_000)
                try connection.respond(
                    206, ["Content-Range": "bytes 40000-99999/100000", "Content-Length": "60000"])
                return try connection.send(rest)
            }
            try connection.respond(200, ["Content-Length": "\(image.count)"])
            try connection.send(number == 0 ? Array(image[..<40_000]) : image)
            if number == 0 { connection.close() }
        }
        let result = try await downloader().download(server.url("/x"), to: destination)
        #expect(try bytes(of: result.path) == image)
        #expect(server.requests.map { $0.headers["range"] } == [nil, "bytes=40000-", nil])
    }

    @Test("An address that has expired is told apart, so that a new one can be asked for", arguments: [403, 404, 410])
    func expired(status: Int) async throws {
        let server = try server { connection, _, _ in try connection.respond(status, body: "expired") }
        let (downloader, url, destination) = (try downloader(), server.url("/x"), destination)
        let error = await #expect(throws: ExpiredAddress.self) {
            _ = try await downloader.download(url, to: destination)
        }
        #expect(error?.error.code == .downloadFailed && error?.error.status == status)
        // A result that is missing may not have reached the host yet.
        #expect(server.requests.count == (status == 404 ? 4 : 1) && folder.files().isEmpty)
    }

    @Test("A result that comes a little later is waited for")
    func late() async throws {
        let server = try server { [image] connection, _, number in
            if number < 2 { return try connection.respond(404) }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(image.count)\r\n\r\n")
            try connection.send(image)
        }
        let result = try await downloader().download(server.url("/x"), to: destination)
        #expect(try bytes(of: result.path) == image)
        #expect(server.requests.count == 3)
    }

    @Test("Only the provider's own origin may be internal, and a redirect from it may not leave it")
    func internalAddresses() async throws {
        let other = try FaultServer { connection in try connection.respond(200) }
        let server = try server { connection, _, _ in
            try connection.respond(302, ["Location": other.url("/stolen")])
        }
        let base = try HTTPURL(server.url("/v1/"))
        let downloader = try downloader(base: base, attempts: 1, allowsInternal: false)
        for address in [other.url("/x"), server.url("/x"), "http://10.0.0.1/x", "http://169.254.169.254/x"] {
            let error = await #expect(throws: GenerationError.self) {
                _ = try await downloader.download(address, to: destination)
            }
            #expect(error?.code == .downloadFailed)
        }
        #expect(other.connectionCount == 0 && server.requests.count == 1)
    }

    @Test(
        "An address that is none is named at once",
        arguments: ["file:///etc/passwd", "gopher://h.test/x", "http://user:pw@h.test/x", "javascript:alert(1)"])
    func badAddresses(address: String) async throws {
        let waits = Mutex(0)
        let downloader = try downloader { _ in waits.withLock { $0 += 1 } }
        let error = await #expect(throws: GenerationError.self) {
            _ = try await downloader.download(address, to: destination)
        }
        #expect(error?.code == .badResponse && waits.withLock { $0 } == 0)
        #expect(error?.message.contains("pw") == false)
    }

    @Test("A host that is busy is asked again, as it says, until all attempts are spent")
    func busy() async throws {
        let server = try server { connection, _, number in
            try connection.respond(503, number == 0 ? ["Retry-After": "7"] : [:])
        }
        let waits = Mutex<[Duration]>([])
        let downloader = try downloader(attempts: 3) { wait in waits.withLock { $0.append(wait) } }
        let error = try await failure(server, downloader)
        #expect(error.code == .downloadFailed && error.status == 503)
        #expect(server.requests.count == 3)
        #expect(waits.withLock { $0 } == [.seconds(7), .seconds(1)])
    }

    @Test("A wait beyond the deadline does not start")
    func deadline() async throws {
        let server = try server { connection, _, _ in try connection.respond(429, ["Retry-After": "100"]) }
        let error = try await failure(server, downloader(), deadline: .now + .seconds(60))
        #expect(error.retryAfter == .seconds(100) && server.requests.count == 1)
        #expect(error.message.hasSuffix("status 429 instead of the image; it asks for a wait of 100 s"))
    }

    @Test(
        "Content that is no image is named, and not kept",
        arguments: [
            ("image/png", "<html>busy</html>", "an HTML page (17 bytes)"),
            ("image/png", "", "nothing (0 bytes)"),
            ("image/png", "{\"error\":1}", "JSON"), ("image/png", "gone fishing", "text"),
            ("image/png", "\u{89}PNG-truncated", "damaged"),
        ])
    func bad(type: String, body: String, words: String) async throws {
        let content = body.hasPrefix("\u{89}") ? image.dropLast(5) + [0] : Array(body.utf8)
        let server = try whole(content, type: type)
        let error = try await failure(server, downloader())
        #expect(error.code == .badImage && error.message.contains(words))
        #expect(folder.files().isEmpty && server.requests.count == 1)
    }

    @Test("A result above the cap is not taken, whether or not its length is told", arguments: [true, false])
    func cap(saysLength: Bool) async throws {
        let image = image
        let server = try server { connection, _, _ in
            let length = saysLength ? "Content-Length: \(image.count)\r\n" : ""
            try connection.send("HTTP/1.1 200 OK\r\n\(length)\r\n")
            try connection.send(image)
            connection.close()
        }
        let error = try await failure(server, downloader(byteLimit: 99_999))
        #expect(error.code == .downloadFailed && folder.files().isEmpty)
        #expect(server.requests.count == 1)
    }

    @Test("Addresses from outside lead to no internal host")
    func addresses() async throws {
        let server = try whole(image)
        let outside = try downloader(base: HTTPURL("https://api.example.com/v1"), allowsInternal: false)
        let error = try await failure(server, outside)
        #expect(error.code == .downloadFailed && server.connectionCount == 0)
        #expect((error.cause as? HTTPError)?.code == .addressRefused)
    }

    @Test(
        "What is no address is the provider's mistake",
        arguments: ["ftp://h/x", "file:///etc/passwd", "http:///x", "data:,x"])
    func noAddress(text: String) async throws {
        let (downloader, destination) = (try downloader(), destination)
        let error = await #expect(throws: GenerationError.self) {
            _ = try await downloader.download(text, to: destination)
        }
        #expect(error?.code == .badResponse)
    }

    @Test("Giving up leaves nothing behind")
    func cancelled() async throws {
        let server = try server { connection, _, _ in
            try connection.respond(200, ["Content-Length": "100000"])
            connection.waitForClose()
        }
        let (downloader, url, destination) = (try downloader(), server.url("/x"), destination)
        let task = Task { try await downloader.download(url, to: destination) }
        while server.requests.isEmpty { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(folder.files().isEmpty)
    }
}
