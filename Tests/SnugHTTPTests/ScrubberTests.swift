// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugTestSupport
import Testing

@testable import SnugHTTP

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

    @Test(
        "User and password of an address are left out, whatever letters they have, and its host stays",
        arguments: [
            ("https://me:hunter2@h.example/x", "https://***@h.example/x"), ("ftp://me@h/a@b", "ftp://***@h/a@b"),
            ("see \"https://u:p!,$(x)@h\": no", "see \"https://***@h\": no"), ("s3://a:b@c@h?d", "s3://***@h?d"),
            ("https://h.example, mail me@h.example", "https://h.example, mail me@h.example"),
            ("https://h.example/to/me@h", "https://h.example/to/me@h"), ("https://***@h", "https://***@h"),
        ])
    func users(text: String, expected: String) {
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

    @Test("The values of an address that grant access are left out, and those that name the object stay")
    func fromAddress() throws {
        let url = try HTTPURL("https://h/o?X-Amz-Signature=5ec4e7&id=photo17&sig=5ig4")
        let scrubber = Scrubber([:], url, and: [Secret("m0re")])
        #expect(scrubber.clean("5ec4e7 and 5ig4 of photo17, m0re") == "*** and *** of photo17, ***")
    }

    @Test("A known secret is nowhere in the cleaned text, whatever stands around it", arguments: UInt64(0)..<10)
    func never(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("abcXYZ019 .,:;=&?/#@%-_*\n\t\u{1F305}\u{E9}\u{200B}\"'{}[]<>")
        func word(_ count: ClosedRange<Int>) -> String {
            String(
                (0..<Int.random(in: count, using: &random)).map { _ in
                    alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                })
        }
        for _ in 0..<200 {
            let letters = Array("abcdefghijkmnpqrstuvwxyz23456789")
            let secret = String((0..<20).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] })
            let text = word(0...30) + secret + word(0...30) + secret + word(0...5)
            let scrubber = Scrubber([Secret(secret)])
            #expect(!scrubber.clean(text).contains(secret))
            #expect(!String(decoding: scrubber.hide(Array(text.utf8)), as: UTF8.self).contains(secret))
            // Cleaning what is clean changes nothing.
            let once = scrubber.clean(text)
            #expect(scrubber.clean(once) == once)
        }
    }

    @Test("Bytes without a secret stay as they are, also those that are no text")
    func bytes() {
        let image: [UInt8] = [0xFF, 0xD8, 0xFF, 0x00, 0xC0, 0x80]
        #expect(scrubber.hide(image) == image && Scrubber().hide(image) == image)
        #expect(scrubber.hide(Array("a hunter2-key b".utf8)) == Array("a *** b".utf8))
        #expect(scrubber.hide([UInt8]()) == [])
    }

    @Test("A text without end is cut between words, so that no half of a key is left")
    func endless() {
        let key = "sk-" + String(repeating: "a", count: 40)
        for length in [65_500, 65_530, 65_536, 65_540] {
            let text = String(repeating: "w", count: 100) + " " + String(repeating: "x ", count: (length - 101) / 2)
            let cleaned = scrubber.clean(text + key + " end", limit: 100_000)
            #expect(!cleaned.contains("sk-a"))
        }
        #expect(scrubber.clean(String(repeating: "a", count: 200_000)).count < 200)
    }

    @Test("Terminals get no control characters, and lines become one")
    func controls() {
        let text = "a\u{1B}[31mred\u{7}\u{8}\u{85}\u{2028}b\u{202E}c\u{FEFF}d"
        let cleaned = scrubber.clean(text)
        #expect(cleaned.unicodeScalars.allSatisfy { $0.value >= 32 && !(127...159).contains($0.value) })
        #expect(!cleaned.contains("\u{202E}") && !cleaned.contains("\u{2028}") && !cleaned.contains("\u{FEFF}"))
        #expect(scrubber.clean(["a\nb", String(repeating: "w ", count: 200)]).map(\.count) == [3, 101])
    }
}
