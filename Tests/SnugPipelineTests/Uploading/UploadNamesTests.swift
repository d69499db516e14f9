// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

/// Where a file goes below the address that is named, and as what.
@Suite(.serialized) struct UploadNamesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func target(_ name: String, _ address: String, type: String? = nil, bytes: [UInt8] = [1]) async throws -> (
        target: String, type: String?
    ) {
        let server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                try connection.respond(request.method == "PUT" ? 201 : 200, ["Content-Length": "0"])
            }
        }
        var destination = UploadDestination(url: try server.address(address), uploadProtocol: .put)
        destination.contentType = type
        let request = UploadRequest(files: [try folder.write(bytes, to: name)], destination: destination)
        _ = try await UploadRun(
            request, uploader: Uploader(client: try makeClient(), store: nil, logger: quietLogger)
        ).run()
        let put = try #require(server.requests.first { $0.method == "PUT" })
        return (put.target, put.headers["content-type"])
    }

    @Test(
        "A name becomes one segment of the path, and cannot leave the folder",
        arguments: [
            ("a.jpg", "a.jpg"), ("a b.jpg", "a%20b.jpg"), ("100%.jpg", "100%25.jpg"), ("a?b#c.jpg", "a%3Fb%23c.jpg"),
            ("ü.jpg", "%C3%BC.jpg"), ("a+b&c=d.jpg", "a%2Bb%26c%3Dd.jpg"), ("..a.jpg", "..a.jpg"),
            ("-._~.jpg", "-._~.jpg"), ("\u{1B}[2J.jpg", "%1B%5B2J.jpg"), ("a\nb.jpg", "a%0Ab.jpg"),
        ])
    func names(name: String, expected: String) async throws {
        #expect(try await target(name, "/in/").target == "/in/\(expected)")
    }

    @Test("An address that is no folder is the object's own", arguments: ["/object", "/a/b.jpg?sig=1"])
    func objects(address: String) async throws {
        #expect(try await target("a.jpg", address).target == address)
    }

    @Test("A folder's query goes along behind the name")
    func folderWithQuery() async throws {
        #expect(try await target("a.jpg", "/in/?name=x").target == "/in/a.jpg?name=x")
    }

    @Test("The media type is the content's, unless one is set")
    func types() async throws {
        #expect(try await target("a.txt", "/in/", bytes: PNGBuilder().bytes).type == "image/png")
        #expect(try await target("a.png", "/in/", bytes: Array("text".utf8)).type == "text/plain")
        #expect(try await target("a.png", "/in/", type: "image/x-own", bytes: PNGBuilder().bytes).type == "image/x-own")
    }
}
