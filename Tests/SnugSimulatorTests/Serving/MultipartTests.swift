// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// Forms, read strictly (RFC 7578, RFC 2046 §5.1.1).
@Suite struct MultipartTests {
    private func form(_ body: [UInt8], type: String = Form.contentType) -> Multipart? {
        Multipart(Request(number: 1, method: "POST", target: "/", headers: ["Content-Type": type], body: body))
    }

    private func form(_ body: String, type: String = Form.contentType) -> Multipart? {
        form(Array(body.utf8), type: type)
    }

    private static let field = "Content-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"

    @Test("Parts keep their order, names, types and bytes")
    func parts() throws {
        let body = Form(["a": "1", "b": ""]).adding("c", file: [0, 13, 10, 255], type: "image/png", filename: "x.png")
        let parts = try #require(form(body.body)).parts
        #expect(parts.map(\.name) == ["a", "b", "c"] && parts.map(\.filename) == [nil, nil, "x.png"])
        #expect(parts.map(\.contentType) == [nil, nil, "image/png"])
        #expect(parts.map(\.bytes) == [[0x31], [], [0, 13, 10, 255]])
    }

    static let malformedTable = [
        "", "--X", "--X\r\n", "--Y\r\n\(field)--Y--\r\n", "\(field)--X--\r\n", "--X\r\n\(field)", "--X\r\n\(field)--X",
        "--X\r\n\(field)--Y--\r\n", "--X\n\(field)--X--\r\n", "--X\r\nContent-Disposition: form-data\r\n\r\n1\r\n--X--",
        "--X\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n--X--", "--X\r\n\r\n1\r\n--X--",
        "--X\r\nContent-Type: text/plain\r\n\r\n1\r\n--X--", "--X\r\nno colon\r\n\r\n1\r\n--X--",
        "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n1\r\n--X--", "preamble\r\n--X\r\n\(field)--X--",
        "--XX\r\n\(field)--X--\r\n",
    ]

    @Test("A body that does not keep to its boundary is no form", arguments: malformedTable)
    func malformed(body: String) {
        #expect(form(body) == nil)
    }

    static let typeTable: [(String, Bool)] = [
        ("multipart/form-data; boundary=X", true), ("multipart/form-data;boundary=X", true),
        ("multipart/form-data; boundary=\"X\"", true), ("Multipart/Form-Data; Boundary=X", true),
        ("multipart/form-data; charset=utf-8; boundary=X", true),
        ("multipart/form-data; boundary=X; charset=utf-8", true),
        ("multipart/form-data", false), ("multipart/form-data; boundary=", false),
        ("multipart/form-data; boundary=\"\"", false), ("multipart/mixed; boundary=X", false), ("", false),
        ("multipart/form-data; xboundary=X", false), ("application/json; boundary=X", false),
    ]

    @Test("The boundary is a parameter of the content type", arguments: typeTable)
    func types(type: String, isForm: Bool) {
        #expect((form("--X\r\n\(Self.field)--X--\r\n", type: type) != nil) == isForm)
    }

    static let dispositionTable: [(String, String?, String?)] = [
        ("form-data; name=\"a\"", "a", nil), ("form-data; name=a", "a", nil),
        ("form-data;name=\"a\";filename=\"b\"", "a", "b"),
        ("form-data; filename=\"b\"; name=\"a\"", "a", "b"), ("form-data; NAME=\"a\"; FileName=\"b\"", "a", "b"),
        ("form-data; name=\"a\"; filename=\"\"", "a", ""), ("form-data; name=\"\"", "", nil),
        ("form-data; name=\"a;b\"", "a;b", nil), ("form-data; name=\"a\\\"b\"", "a\"b", nil),
        ("form-data; name=\"a\\\\b\"", "a\\b", nil), ("form-data; name=\"a%22b\"", "a\"b", nil),
        ("form-data; name=\"a%0D%0Ab\"", "a\r\nb", nil), ("form-data; name=\"a%20b\"", "a%20b", nil),
        ("form-data; name=\"снимок\"", "снимок", nil), ("form-data; size=5; name=\"a\"", "a", nil),
        ("form-data; flag; name=\"a\"", "a", nil), ("form-data; name=\"filename=x\"", "filename=x", nil),
        ("form-data", nil, nil), ("form-data; nam=\"a\"", nil, nil),
    ]

    @Test("Names are read quoted or not, escaped by backslash or per cent", arguments: dispositionTable)
    func dispositions(header: String, name: String?, filename: String?) {
        #expect(Multipart.parameter("name", of: header) == name)
        #expect(Multipart.parameter("filename", of: header) == filename)
    }

    static let payloadTable: [[UInt8]] = [
        [], Array("--".utf8), Array("\r\n--".utf8), Array("\r\n--Y--\r\n".utf8), Array("\r\n\r\n".utf8),
        Array("\r\n-X".utf8), Array("\r\r\n--".utf8), [UInt8](0...255), [13], [10], Array("\r\n--\r\n--".utf8),
    ]

    @Test("Bytes that look like a boundary and are none belong to the part", arguments: payloadTable)
    func payloads(bytes: [UInt8]) throws {
        let body = Form(["before": "1"]).adding("file", file: bytes).adding("after", "2")
        let parsed = try #require(form(body.body))
        #expect(parsed.all("file").map(\.bytes) == [bytes])
        #expect(parsed.text("before") == "1" && parsed.text("after") == "2")
    }

    @Test("Whatever is cut off, a form is refused or whole, and nothing crashes")
    func truncated() {
        let body = Form(["a": "1"]).adding("file", file: Array("\r\n--".utf8) + [1, 2]).body
        for count in 0..<body.count - 4 { #expect(form(Array(body.prefix(count))) == nil) }
        #expect(form(body) != nil)
    }

    @Test("Fields of one name are all kept, and text is UTF-8 or none")
    func repeated() throws {
        let body = Form(["a": "1", "a": "2"]).adding("b", file: [0xFF], type: nil)
        let parsed = try #require(form(body.body))
        #expect(parsed.all("a").map(\.text) == ["1", "2"] && parsed.text("a") == "1")
        #expect(parsed.text("b") == nil && parsed.text("none") == nil && parsed.all("none").isEmpty)
    }

    @Test("A search finds what a plain comparison finds", arguments: UInt64(0)..<20)
    func search(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func bytes(_ range: Range<Int>) -> [UInt8] {
            (0..<Int.random(in: range, using: &random)).map { _ in UInt8.random(in: 0...2, using: &random) }
        }
        for _ in 0..<100 {
            let (haystack, needle) = (bytes(0..<40), bytes(1..<4))
            let start = Int.random(in: 0...45, using: &random)
            let expected = (start..<max(start, 64)).first { index in
                index + needle.count <= haystack.count && Array(haystack[index..<index + needle.count]) == needle
            }
            #expect(haystack.firstIndex(of: needle, from: start) == expected)
        }
        #expect([1, 2].firstIndex(of: [], from: 0) == nil && [1, 2].firstIndex(of: [1], from: -1) == nil)
    }
}
