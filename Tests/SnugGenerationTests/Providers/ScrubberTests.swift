// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugGeneration

@Suite struct ScrubberTests {
    private let scrubber = Scrubber([Secret("hunter2-key"), Secret("hunter2-key-longer"), Secret("ab")])

    private static let texts: [(String, String)] = [
        ("Incorrect API key provided: hunter2-key.", "Incorrect API key provided: ***."),
        ("got hunter2-key-longer, ok", "got ***, ok"), ("abc abacus", "abc abacus"),
        ("Authorization: Bearer abcdefghij", "Authorization: Bearer ***"), ("a bearer of news", "a bearer of news"),
        ("sk-proj-****************abcd is wrong", "*** is wrong"), ("nb_0123456789abcdef", "***"),
        ("a sk-8 board", "a sk-8 board"),
        ("see https://h.test/a?sig=123&x=1 now", "see https://h.test/a?*** now"), ("why? because", "why? because"),
        ("api_key=secretvalue; token:secretvalue", "api_key=***; token:***"), ("key: value", "key: value"),
        ("GET /image/cat?key=sk_paid failed", "GET /image/cat?*** failed"),
        (
            "data:image/png;base64,\(String(repeating: "iVBO", count: 30))",
            "data:image/png;base64,(120 characters left out)"
        ),
        ("line\none\r\n\ttwo\u{0}\u{200B}", "line one two"),
        ("id 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "id 3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
        ("größer als 5 МБ", "größer als 5 МБ"), ("", ""),
    ]

    @Test("Keys, signatures and images are left out, the rest stays", arguments: texts)
    func cleans(text: String, expected: String) {
        #expect(scrubber.clean(text) == expected)
    }

    @Test("Long texts are cut")
    func cut() throws {
        #expect(scrubber.clean(String(repeating: "word ", count: 1000), limit: 20) == "word word word word …")
    }

    @Test("The secrets of a request are left out of its response")
    func fromHeaders() throws {
        var headers: HTTPFields = ["Accept": "image-types"]
        try headers.set("Authorization", secret: Secret("odd~key"), prefix: "Bearer ")
        #expect(Scrubber(headers).clean("odd~key is no image-types") == "*** is no image-types")
        try headers.set("Cookie", secret: Secret("odd~token; other=odd~cookie"), prefix: "refresh_token=")
        #expect(Scrubber(headers).clean("odd~key odd~token odd~cookie, refresh_token=odd~token") == "*** *** ***, ***")
    }
}
