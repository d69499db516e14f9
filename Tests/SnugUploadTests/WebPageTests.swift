// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugUpload

/// Responses that were made for a browser say nothing about the file.
@Suite struct WebPageTests {
    private let folder: ScratchFolder
    init() throws { folder = try ScratchFolder() }

    private func upload(
        _ uploadProtocol: UploadProtocol, _ status: Int, _ headers: [String: String] = [:], body: String = "",
        head: Int = 404, headLength: Int = 3000, isGuess: Bool = false, shown: String? = nil
    ) async throws -> Result<UploadReceipt, UploadError> {
        let server = try FaultServer { connection in
            while true {
                let method = try connection.readRequest().method
                if method == "GET" {
                    try connection.respond(200, body: shown ?? "<html><form></form></html>")
                } else if method == "HEAD" {
                    try connection.respond(head, head == 200 ? ["Content-Length": "\(headLength)"] : [:])
                } else {
                    try connection.respond(status, headers, body: body)
                }
            }
        }
        var target = UploadTarget(try HTTPURL(server.url("/a")), uploadProtocol)
        target.isGuess = isGuess
        do {
            return .success(try await makeUploader(folder).upload(try folder.file(pattern(3000)), to: target))
        } catch let error as UploadError {
            return .failure(error)
        }
    }

    private static let page = "<!DOCTYPE html>\n<html><title>Sign in</title><input type=\"password\"></html>"

    @Test("A PUT that gets a page is delivered only if the object is there")
    func put() async throws {
        guard case .failure(let error) = try await upload(.put, 200, body: Self.page) else {
            Issue.record("delivered")
            return
        }
        #expect(error.code == .refused && error.message.contains("a web page"), "\(error.message)")
        // A site that answers every request with its page has one at the address of the file, too.
        guard case .failure(let other) = try await upload(.put, 200, body: Self.page, head: 200, headLength: 82) else {
            Issue.record("delivered")
            return
        }
        #expect(other.code == .refused && other.message.contains("a web page"), "\(other.message)")
        #expect(try await upload(.put, 200, body: Self.page, head: 200).get().confirmation == .length)
        // Apache tells of a new file so.
        #expect(try await upload(.put, 201, body: Self.page).get().confirmation == .response)
        #expect(try await upload(.put, 200, body: "OK").get().confirmation == .response)
    }

    @Test("A PUT in ranges that gets a page for an empty file is no upload")
    func ranges() async throws {
        guard case .failure(let error) = try await upload(.rangedPut, 200, body: Self.page) else {
            Issue.record("delivered")
            return
        }
        #expect(error.code == .refused && error.message.contains("no answer of this upload protocol"))
        #expect(try await upload(.rangedPut, 201, body: Self.page, head: 405).get().confirmation == .response)
    }

    @Test(
        "A form is unknown after a redirect, or a page that asks for a password",
        arguments: [
            (302, "/login", "", "which points to http"), (303, "/done", "", "/done"),
            (200, nil, Self.page, "a page that asks for a password"),
        ] as [(Int, String?, String, String)])
    func form(status: Int, location: String?, body: String, words: String) async throws {
        guard
            case .failure(let error) = try await upload(
                .form, status, location.map { ["Location": $0] } ?? [:], body: body)
        else {
            Issue.record("delivered")
            return
        }
        #expect(error.code == .outcomeUnknown && error.message.contains(words), "\(error.message)")
    }

    @Test("A form that gets a page of thanks is delivered, and one that is to go elsewhere is refused")
    func others() async throws {
        let page = "<html><title>Thanks</title></html>"
        _ = try await upload(.form, 200, body: page).get()
        guard case .failure(let same) = try await upload(.form, 200, body: page, shown: page) else {
            Issue.record("delivered")
            return
        }
        // Everybody sees that page at the address.
        #expect(same.code == .outcomeUnknown && same.message.contains("and a web page"), "\(same.message)")
        guard case .failure(let error) = try await upload(.form, 307, ["Location": "/b"]) else {
            Issue.record("delivered")
            return
        }
        #expect(error.code == .refused)
    }

    @Test("A form that nobody has named is not posted to a site of pages, and a page is no receipt of it")
    func guessed() async throws {
        let thanks = "<html><title>Thanks</title></html>"
        guard case .failure(let error) = try await upload(.form, 200, body: thanks, isGuess: true) else {
            Issue.record("delivered")
            return
        }
        #expect(error.code == .outcomeUnknown && error.message.contains("and a web page"), "\(error.message)")
        _ = try await upload(.form, 201, body: "{}", isGuess: true).get()
        _ = try await upload(.form, 200, body: "<?xml version=\"1.0\"?>\n<stored/>", isGuess: true).get()
        #expect(try await upload(.put, 200, body: "<stored/>").get().confirmation == .response)
        let posts = Mutex(0)
        let server = try FaultServer { connection in
            while true {
                if try connection.readRequest().method != "OPTIONS" { posts.withLock { $0 += 1 } }
                try connection.respond(200, body: thanks)
            }
        }
        let uploader = try await makeUploader(folder)
        let found = await #expect(throws: UploadError.self) {
            try await uploader.detectEndpoint(at: try HTTPURL(server.url("/up/")))
        }
        let words = "no uploads at this address"
        #expect(found?.code == .notSupported && found?.message.contains(words) == true, "\(found as Any)")
        let place = try await uploader.detectEndpoint(at: try HTTPURL(server.url("/up/a.jpg")))
        #expect(place.uploadProtocol == .put && place.isGuess)
        #expect(posts.withLock { $0 } == 0)
        // So is a login that every request is sent to; a large response to the question is no obstacle.
        let login = try FaultServer { connection in
            while true {
                let place = try connection.readRequest().target
                let large = String(repeating: "x", count: 2 << 20)
                let body = ["/up/": "", "/login": Self.page, "/other/": ""][place] ?? large
                let location = place == "/up/" ? "/login" : "http://127.0.0.9/login"
                try connection.respond(place.hasSuffix("/") ? 302 : 200, ["Location": location], body: body)
            }
        }
        let places = [("/up/", "a page that asks for a password"), ("/other/", "which points to http://127.0.0.9")]
        for (place, words) in places {
            let moved = await #expect(throws: UploadError.self) {
                try await uploader.detectEndpoint(at: try HTTPURL(login.url(place)))
            }
            #expect(moved?.code == .notSupported && moved?.message.contains(words) == true, "\(moved as Any)")
        }
        #expect(try await uploader.detectEndpoint(at: try HTTPURL(login.url("/a"))).uploadProtocol == .put)
    }

    /// Uploads in chunks to a server that answers one request with a page.
    private func chunked(
        _ uploadProtocol: UploadProtocol, page number: Int, knowsUpload: Bool
    ) async throws -> Result<UploadReceipt, UploadError> {
        let state = Mutex((kept: 0, requests: 0))
        let server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                let isQuery = request.headers["content-range"]?.hasPrefix("bytes */") == true
                if request.method == "POST" {
                    try connection.respond(201, ["Location": "/u/1"])
                    continue
                }
                let (kept, isPage) = state.withLock { state in
                    state.kept += request.body.count
                    if !request.body.isEmpty { state.requests += 1 }
                    return (state.kept, state.requests == number && (!knowsUpload || !request.body.isEmpty))
                }
                let isWhole = kept == 3_000_000
                if isPage {
                    try connection.respond(200, body: request.method == "HEAD" ? "" : Self.page)
                } else if uploadProtocol == .resumable {
                    try connection.respond(204, ["Upload-Offset": "\(kept)", "Upload-Complete": isWhole ? "?1" : "?0"])
                } else if isWhole, !isQuery || knowsUpload {
                    try connection.respond(200)
                } else {
                    try connection.respond(308, kept == 0 ? [:] : ["Range": "bytes=0-\(kept - 1)"])
                }
            }
        }
        var options = UploadOptions()
        options.chunkSize = 1 << 20
        options.adaptsChunkSize = false
        var target = UploadTarget(try HTTPURL(server.url("/a")), uploadProtocol)
        target.ranged = .startsSession
        do {
            let file = try folder.file(pattern(3_000_000))
            return .success(try await makeUploader(folder).upload(file, to: target, options: options))
        } catch let error as UploadError {
            return .failure(error)
        }
    }

    @Test(
        "A page after a chunk is no receipt: the server is asked, and its own words count",
        arguments: [UploadProtocol.resumable, .rangedPut], [2, 3])
    func pagesAfterChunks(uploadProtocol: UploadProtocol, number: Int) async throws {
        let receipt = try await chunked(uploadProtocol, page: number, knowsUpload: true).get()
        #expect(receipt.bytes == 3_000_000 && receipt.bytesSent < 3_000_100)
        guard case .failure(let error) = try await chunked(uploadProtocol, page: 3, knowsUpload: false) else {
            Issue.record("delivered")
            return
        }
        #expect(error.code == .outcomeUnknown, "\(error.message)")
    }
}
