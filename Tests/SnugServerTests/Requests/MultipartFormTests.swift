// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugServer

@Suite struct MultipartFormTests {
    private static func parse(_ text: String, boundary: String = "b") throws(MultipartForm.Fault) -> MultipartForm {
        try MultipartForm(Array(text.utf8), boundary: boundary)
    }

    private static func contents(_ text: String, boundary: String = "b") throws -> [String] {
        let body = Array(text.utf8)
        return try MultipartForm(body, boundary: boundary).parts.map {
            "\($0.name)|\($0.fileName ?? "-")|\($0.contentType ?? "-")|\(String(decoding: body[$0.range], as: UTF8.self))"
        }
    }

    @Test("The example of RFC 7578 and the forms of curl and browsers are read")
    func examples() throws {
        #expect(
            try Self.contents(
                "--AaB03x\r\ncontent-disposition: form-data; name=\"_charset_\"\r\n\r\niso-8859-1\r\n--AaB03x\r\n"
                    + "content-disposition: form-data; name=\"field1\"\r\ncontent-type: text/plain;charset=UTF-8\r\n"
                    + "content-transfer-encoding: quoted-printable\r\n\r\nJoe owes =E2=82=AC100.\r\n--AaB03x--\r\n",
                boundary: "AaB03x") == [
                    "_charset_|-|-|iso-8859-1", "field1|-|text/plain;charset=UTF-8|Joe owes =E2=82=AC100.",
                ])
        #expect(
            try Self.contents(
                "------abc\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n"
                    + "Content-Type: image/jpeg\r\n\r\n\u{1}\r\n--\r\n\r\n------abc--\r\n", boundary: "----abc")
                == ["image|a.jpg|image/jpeg|\u{1}\r\n--\r\n"])
        let blank = "--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--b--"
        #expect(try Self.contents(blank) == ["a|-|-|"])
        #expect(try Self.contents("preamble\r\n" + blank + "epilogue --b") == ["a|-|-|"])
        #expect(try Self.contents("--b--\r\n").isEmpty)
    }

    @Test("A text that only begins like the boundary belongs to the content")
    func almostBoundary() throws {
        let text = "--bb\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b\r\n\r\n--bby--bb\r\n\r\r\n--bb--"
        // RFC 2046: whatever follows a boundary on its line but white space makes the body malformed.
        #expect(throws: MultipartForm.Fault.notClosed) { try Self.parse(text, boundary: "bb") }
        #expect(
            try Self.contents(text.replacing("\r\n--bby--bb", with: "\n--bby--bb"), boundary: "bb")
                == ["a|-|-|x\r\n--b\r\n\n--bby--bb\r\n\r"])
    }

    @Test(
        "Each fault has its name",
        arguments: [
            ("", "b", .missingBoundary), ("hello", "b", .missingBoundary), ("--b--", "", .missingBoundary),
            ("--b--", "b\r\n", .missingBoundary), ("--b--", String(repeating: "b", count: 71), .missingBoundary),
            ("--b\r\n", "b", .notClosed), ("--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx", "b", .notClosed),
            ("--b\r\nno colon\r\n\r\nx\r\n--b--", "b", .badHeader), ("--b\r\n\r\nx\r\n--b--", "b", .missingName),
            ("--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", "b", .missingName),
            ("--b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--b--", "b", .missingName),
            ("--b\r\nA: \u{0}\r\n\r\nx\r\n--b--", "b", .badHeader),
            ("--b\r\nA: x\ny\r\n\r\nx\r\n--b--", "b", .badHeader),
            ("--b\r\nX: " + String(repeating: "x", count: 9000) + "\r\n\r\nx\r\n--b--", "b", .headerTooLarge),
            (
                String(repeating: "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n", count: 257) + "--b--",
                "b",
                .tooManyParts
            ),
        ] as [(String, String, MultipartForm.Fault)])
    func faults(text: String, boundary: String, fault: MultipartForm.Fault) {
        #expect(throws: fault) { try Self.parse(text, boundary: boundary) }
    }

    @Test("A form cut anywhere before its end is refused, whatever is in it")
    func truncation() throws {
        let form = TestServer.form([
            ("name=\"for\"", Array("bluesky".utf8)), ("name=\"image\"; filename=\"a.png\"", TestImage.small),
        ])
        // The two dashes that end it are four bytes before its end.
        for length in 0..<(form.count - 2) {
            #expect(throws: MultipartForm.Fault.self) { try MultipartForm(Array(form[..<length]), boundary: "xXx") }
        }
        #expect(try MultipartForm(form, boundary: "xXx").parts.count == 2)
    }

    @Test("Random changes never reach outside of the body, and parts follow one another", arguments: UInt64(0)..<200)
    func fuzz(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var form = TestServer.form([
            ("name=\"a\"", Array("1".utf8)), ("name=\"image\"; filename=\"x\"", TestImage.small), ("name=\"b\"", []),
        ])
        let alphabet = Array("-xX\r\n:; \"=\u{0}".utf8)
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let index = Int.random(in: form.indices, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: form[index] = alphabet.randomElement(using: &random) ?? 0
            case 1: form.remove(at: index)
            default: form.insert(contentsOf: alphabet.shuffled(using: &random).prefix(3), at: index)
            }
        }
        guard let parts = try? MultipartForm(form, boundary: "xXx").parts else { return }
        var last = 0
        for part in parts {
            #expect(part.range.lowerBound >= last)
            #expect(part.range.upperBound <= form.count)
            last = part.range.upperBound
        }
    }
}
