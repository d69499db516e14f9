// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugServer

/// The address of a new upload: some clients cannot resolve a path, and a wrong scheme would lead none of them there.
@Suite struct UploadAddressTests {
    @Test(
        "An address is whole where its scheme is certain, and else a path",
        arguments: [
            ("127.0.0.1:8080", nil, "http://127.0.0.1:8080/"), ("localhost", nil, "http://localhost/"),
            ("[::1]:99", nil, "http://[::1]:99/"), ("images.example.org", nil, "/"),
            ("images.example.org", "https", "https://images.example.org/"), ("10.0.0.7:80", nil, "/"),
            ("10.0.0.7:80", "http", "http://10.0.0.7:80/"), ("localhost:8080", "HTTPS", "https://localhost:8080/"),
            ("images.example.org", "https, http", "/"), ("images.example.org", "javascript", "/"),
        ] as [(String, String?, String)])
    func address(host: String, scheme: String?, start: String) async throws {
        try await JobBench().run({ $0.hosts = ["images.example.org"] }) { server in
            let fields = [("Host", host)] + (scheme.map { [("X-Forwarded-Proto", $0)] } ?? [])
            let response = try await server.createUpload(length: 3, "", fields)
            #expect(response.status == 201, "\(response.text)")
            let place = try #require(response["location"])
            #expect(place.hasPrefix(start + "v1/uploads/"), "\(place)")
            // As clients resolve it.
            let path = place.drop { $0 != "/" }
            let target = path.hasPrefix("//") ? String(path.dropFirst(2).drop { $0 != "/" }) : place
            #expect(try await server.send("HEAD", target, [TestServer.tus]).status == 200)
        }
    }
}
