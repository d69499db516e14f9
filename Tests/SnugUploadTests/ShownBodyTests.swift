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
        // S3 joins parts with a 200, and may say in its body that they are not joined.
        (
            200,
            "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code><Message>We erred &amp; stopped</Message></Error>",
            ": InternalError: We erred & stopped"
        ),
        (403, "<Error><Code>AccessDenied</Code></Error>", ": AccessDenied"),
        (200, "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>", ""),
    ])
    func words(status: Int, body: String, shown: String) throws {
        let response = ClientResponse(
            head: HTTPResponse(status: .init(code: status)), body: Array(body.utf8),
            url: try HTTPURL("http://localhost/"))
        #expect(response.shownBody == shown)
    }
}
