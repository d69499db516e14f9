// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugUpload

/// The addresses that servers give: of an upload that was begun, and of an endpoint that is elsewhere.
@Suite struct UploadAddressTests {
    @Test(
        "An address that cannot be used is told as such, and not as missing",
        arguments: [
            (nil, "sent no address"), ("", "sent no address"), ("http://user:hunter2@h/up", "holds a user name"),
            ("file:///etc/passwd", "cannot be used"), ("javascript:alert(1)", "cannot be used"),
            ("/a b", "cannot be used"),
        ] as [(String?, String)])
    func unusable(location: String?, words: String) throws {
        let response = ClientResponse(
            head: HTTPResponse(status: .created), url: try HTTPURL("http://h/files/"))
        let error = #expect(throws: UploadError.self) { try response.uploadAddress(location) }
        let message = error?.message ?? ""
        #expect(error?.code == .serverMisbehaved && message.contains(words), "\(message)")
        #expect(error?.message.contains("hunter2") == false)
    }

    @Test(
        "An upload whose address holds a user name is not sent anywhere", arguments: [UploadProtocol.tus, .resumable])
    func userInAddress(uploadProtocol: UploadProtocol) async throws {
        let folder = try ScratchFolder()
        let server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                let location = "http://user:hunter2@\(request.headers["host"] ?? "")/up"
                try connection.respond(
                    request.method == "POST" ? 201 : 204, ["Tus-Resumable": "1.0.0", "Location": location])
            }
        }
        let error = await #expect(throws: UploadError.self) {
            try await makeUploader(folder).upload(
                try folder.file(pattern(100)), to: UploadTarget(try server.address("/files"), uploadProtocol))
        }
        #expect(error?.message.contains("holds a user name") == true, "\(error?.message ?? "")")
        #expect(!server.requests.contains { $0.target == "/up" })
    }

    /// Redirects `/files` to an address, which answers what it is told to.
    private func redirecting(to location: String, _ fields: [String: String]) throws -> FaultServer {
        try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                if request.target == "/files" {
                    try connection.respond(307, ["Location": location])
                } else {
                    try connection.respond(204, fields)
                }
            }
        }
    }

    private func detect(_ server: FaultServer) async throws -> String {
        let uploader = Uploader(client: try makeClient(), store: nil, logger: quietLogger)
        let endpoint = try await uploader.detectEndpoint(at: try server.address("/files"))
        return "\(endpoint.url.path) \(endpoint.uploadProtocol)"
    }

    @Test("An endpoint is found where the server redirects to it, and used there")
    func redirected() async throws {
        let found = try await detect(try redirecting(to: "/files/", ["Tus-Resumable": "1.0.0"]))
        #expect(found == "/files/ tus")
        // A page that announces no protocol is no endpoint.
        #expect(try await detect(try redirecting(to: "/login", [:])) == "/files put")
        #expect(try await detect(try redirecting(to: "/files", ["Tus-Resumable": "1.0.0"])) == "/files put")
    }

    @Test("An endpoint is not looked for at other servers")
    func elsewhere() async throws {
        let other = try redirecting(to: "/", ["Tus-Resumable": "1.0.0"])
        let server = try redirecting(to: other.url("/files/"), [:])
        #expect(try await detect(server) == "/files put")
        #expect(other.requests.isEmpty)
    }
}
