// SPDX-License-Identifier: Apache-2.0
import SnugImage
import Testing

@testable import SnugServer

@Suite struct OutputFileNameTests {
    @Test(
        "A client's name becomes one that is safe anywhere",
        arguments: [
            ("photo.PNG", "photo.jpg"), (nil, "image.jpg"), ("", "image.jpg"), ("../../etc/passwd", "passwd.jpg"),
            (#"C:\fakepath\a.b.png"#, "a.b.jpg"), ("/", "image.jpg"), ("..", "image.jpg"),
            (".htaccess", "htaccess.jpg"),
            ("a\r\nSet-Cookie: x.png", "aSet-Cookie: x.jpg"), ("a\u{0}b.png", "ab.jpg"),
            ("gpj\u{202E}exe.png", "gpjexe.jpg"),
            ("\u{1b}[31mred.png", "[31mred.jpg"), ("<img src=x>.png", "<img src=x>.jpg"), ("ä.png", "ä.jpg"),
            ("a\u{2028}b", "ab.jpg"),
        ] as [(String?, String)])
    func names(given: String?, expected: String) {
        #expect(OutputFileName(given).name(as: .jpeg) == expected)
    }

    @Test("A long name is cut")
    func long() {
        #expect(OutputFileName(String(repeating: "x", count: 100_000)).stem.count == 200)
    }

    @Test(
        "Its header field is of ASCII, with the whole name in UTF-8 beside it",
        arguments: [
            ("a.png", #"inline; filename="a.jpg""#),
            (#"a"b.png"#, #"inline; filename="a_b.jpg"; filename*=UTF-8''a%22b.jpg"#),
            ("50%.png", #"inline; filename="50_.jpg"; filename*=UTF-8''50%25.jpg"#),
            ("a b.png", #"inline; filename="a b.jpg""#),
            // The example of RFC 8187 §3.2.3.
            ("€ rates.png", #"inline; filename="_ rates.jpg"; filename*=UTF-8''%E2%82%AC%20rates.jpg"#),
        ])
    func disposition(given: String, expected: String) {
        #expect(OutputFileName(given).disposition(as: .jpeg) == expected)
    }
}
