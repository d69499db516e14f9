// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugHTTP
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite struct ResponseReaderTests {
    private let folder: TemporaryFolder
    private let threads: BlockingThreads
    private let image = imageBytes(100_000)

    init() throws {
        folder = try TemporaryFolder()
        threads = BlockingThreads(count: 4)
    }

    private func reader(_ limits: ResponseReader.Limits = ResponseReader.Limits()) throws -> ResponseReader {
        ResponseReader(client: try makeClient(), spoolDirectory: folder.path, threads: threads, limits: limits)
    }

    private func post(_ server: FaultServer) throws -> ClientRequest {
        ClientRequest("POST", try server.address(), body: HTTPBody(bytes: Array("{}".utf8)))
    }

    /// A server that gives this response.
    private func server(_ status: Int = 200, _ headers: [String: String] = [:], _ body: [UInt8]) throws -> FaultServer {
        try FaultServer { connection in
            _ = try connection.readRequest()
            var all = headers
            all["Content-Length"] = all["Content-Length"] ?? "\(body.count)"
            try connection.respond(status, all)
            try connection.send(body)
        }
    }

    @Test("An image goes into a private file, which is gone with the last reference")
    func imageBody() async throws {
        let server = try server(200, ["Content-Type": "image/png", "X-Request-Id": "r1"], image)
        do {
            let (response, attempt) = try await reader().read(post(server))
            #expect(response.status == 200 && response.text.isEmpty && response.byteCount == image.count)
            #expect(response.isStreamComplete == nil && response.requestID == "r1")
            let spooled = try #require(response.images.first)
            #expect(try response.images.count == 1 && bytes(of: spooled.path) == image)
            #expect(spooled.byteCount == image.count)
            let status = try FileManager.default.attributesOfItem(atPath: spooled.path.string)
            #expect(status[.posixPermissions] as? Int == 0o600)
            #expect(attempt.status == 200 && attempt.outcome == .responded && attempt.bytesSent == 2)
            #expect(attempt.bytesReceived == image.count && attempt.requestID == "r1")
        }
        #expect(folder.files().isEmpty)
    }

    @Test("JSON gives up its images")
    func json() async throws {
        let text = "{\"data\":[{\"b64_json\":\"\(image.base64)\",\"n\":1},{\"b64_json\":\"aGk=\"}]}"
        let server = try server(200, ["Content-Type": "application/json"], Array(text.utf8))
        let response = try await reader().read(post(server)).response
        #expect(response.text == Array(#"{"data":[{"b64_json":"","n":1},{"b64_json":""}]}"#.utf8))
        #expect(try response.images.map { try bytes(of: $0.path) } == [image, Array("hi".utf8)])
    }

    @Test(
        "What a body is shows by its content, not by its label",
        arguments: [
            ("image/png", #"  {"error":"no"}"#, #"{"error":"no"}"#, 0),
            ("image/png", "<html>busy</html>", "<html>busy</html>", 0),
            ("application/json", "\u{89}PNG", nil, 1), ("text/html", "GIF89a….......", nil, 1),
            ("image/png", "no known signature at all", nil, 1),
            ("application/octet-stream", "\u{1}\u{2}\u{3}", nil, 1),
            ("application/json", "<!doctype html>", "<!doctype html>", 0),
            ("", "service unavailable", "service unavailable", 0), ("image/png", "", "", 0),
            ("image/png", "   \n", "", 0),
        ])
    func labels(type: String, body: String, text: String?, images: Int) async throws {
        let bytes = body == "\u{89}PNG" ? imageBytes(40) : Array(body.utf8)
        let server = try server(200, ["Content-Type": type], bytes)
        let response = try await reader().read(post(server)).response
        #expect(response.text == Array((text ?? "").utf8))
        #expect(response.images.map(\.byteCount) == Array(repeating: bytes.count, count: images))
    }

    @Test("Of an error's endless body only the beginning is fetched", arguments: ["plain ", "{\"a\":\"", "<html>"])
    func longError(start: String) async throws {
        let sent = Mutex(0)
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 500 Broken\r\nContent-Length: 1000000000\r\n\r\n\(start)")
            let block = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
            while true {
                try connection.send(block)
                sent.withLock { $0 += block.count }
            }
        }
        let (response, attempt) = try await reader().read(post(server))
        #expect(response.status == 500 && response.text.count == 1 << 20 && response.images.isEmpty)
        #expect(attempt.status == 500 && attempt.failure == nil)
        #expect(sent.withLock { $0 } < 100_000_000)
    }

    @Test("A body above the cap ends the attempt, whose outcome is that it was answered")
    func cap() async throws {
        let server = try server(200, ["Content-Type": "image/png"], image)
        let reader = try reader(ResponseReader.Limits(bodyBytes: 99_999))
        let request = try post(server)
        let error = await #expect(throws: HTTPError.self) { _ = try await reader.read(request) }
        #expect(error?.code == .responseTooLarge && error?.outcome == .responded)
        #expect(error?.attempts.first?.status == 200)
        #expect(folder.files().isEmpty)
    }

    @Test("A response that ends early failed, and was one", arguments: ["image/png", "application/json"])
    func cut(type: String) async throws {
        let server = try server(200, ["Content-Type": type, "Content-Length": "200000"], image)
        let (reader, request) = (try reader(), try post(server))
        let error = await #expect(throws: HTTPError.self) { _ = try await reader.read(request) }
        #expect(error?.code == .responseCut && error?.outcome == .responded)
        #expect(error?.attempts.first?.bytesReceived == 100_000)
        #expect(folder.files().isEmpty)
    }

    @Test("A length that is too short cuts the body where it says")
    func shortLength() async throws {
        let server = try server(200, ["Content-Type": "image/png", "Content-Length": "1000"], image)
        #expect(try await reader().read(post(server)).response.images.map(\.byteCount) == [1000])
    }

    @Test("A response that comes compressed although that was not requested is decompressed", arguments: [200, 502])
    func compressed(status: Int) async throws {
        // gzip of {"id":"file-1"}
        let bytes: [UInt8] = [
            0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xAB, 0x56, 0xCA, 0x4C, 0x51, 0xB2, 0x52, 0x4A,
            0xCB, 0xCC, 0x49, 0xD5, 0x35, 0x54, 0xAA, 0x05, 0x00, 0x30, 0xEE, 0xDC, 0x54, 0x0F, 0x00, 0x00, 0x00,
        ]
        let fields = ["Content-Encoding": "gzip", "Content-Type": "application/json"]
        let server = try server(status, fields, bytes)
        let response = try await reader().read(post(server)).response
        #expect(response.status == status && String(decoding: response.text, as: UTF8.self) == "{\"id\":\"file-1\"}")
        #expect(server.requests.first?.headers["accept-encoding"] == "identity")
    }

    @Test("A missing response is reported as such")
    func lost() async throws {
        let server = try FaultServer { connection in _ = try connection.readRequest() }
        let (reader, request) = (try reader(), try post(server))
        let error = await #expect(throws: HTTPError.self) { _ = try await reader.read(request) }
        #expect(error?.outcome == .sentWithoutResponse)
        #expect(server.requests.count == 1)
    }

    @Test("Nothing is sent when an image could not be kept")
    func noSpool() async throws {
        let server = try server(200, [:], image)
        let file = try folder.write([1], to: "file")
        let client = try makeClient()
        let reader = ResponseReader(client: client, spoolDirectory: file.appending("x"), threads: threads)
        let request = try post(server)
        let error = await #expect(throws: HTTPError.self) { _ = try await reader.read(request) }
        #expect(error?.code == .sinkFailed && error?.outcome == .notSent)
        #expect(server.connectionCount == 0)
    }

    @Test("Giving up ends the request and removes its files")
    func cancelled() async throws {
        let closed = Mutex(false)
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            defer { closed.withLock { $0 = true } }
            try connection.respond(200, ["Content-Length": "200000"])
            try connection.send(imageBytes(1000))
            connection.waitForClose()
        }
        let (reader, request) = (try reader(), try post(server))
        let task = Task { try await reader.read(request) }
        while folder.files().isEmpty || server.requests.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(folder.files().isEmpty)
        while !closed.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test("Files of a killed process are removed, those of a living one are not")
    func sweep() async throws {
        try folder.write([1], to: ".snug-spool-dead")
        try folder.write([1], to: "other")
        let server = try server(200, [:], image)
        let held = try await reader().read(post(server)).response
        #expect(folder.files().count == 2)
        let second = try await reader().read(post(server)).response
        #expect(folder.files().count == 3)
        #expect(Set((held.images + second.images).map(\.path)).count == 2)
    }
}
