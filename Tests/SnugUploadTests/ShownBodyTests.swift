// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import Testing

@testable import SnugUpload

@Suite("What a server says, as it is shown")
struct ShownBodyTests {
    @Test(arguments: [
        (404, "no such\n  upload", ": no such upload"),
        (
            404, "<!DOCTYPE HTML><html><head><title>404 Not\nFound</title></head><body>x</body></html>",
            ": 404 Not Found"
        ),
        (502, "  <HTML><body>proxy</body></HTML>", ""),
        (500, "\u{1B}[2Jred\u{7}\u{9B}31m", ": [2Jred 31m"),
        (500, "", ""),
        (200, "fine", ""),
    ])
    func words(status: Int, body: String, shown: String) throws {
        let response = ClientResponse(
            head: HTTPResponse(status: .init(code: status)), body: Array(body.utf8),
            url: try HTTPURL("http://localhost/"))
        #expect(response.shownBody == shown)
    }
}
