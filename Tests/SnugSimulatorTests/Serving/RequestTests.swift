// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// Targets, queries and headers as services see them.
@Suite struct RequestTests {
    private func request(_ target: String, _ headers: Headers = [:], method: String = "GET", body: [UInt8] = [])
        -> Request
    {
        Request(number: 1, method: method, target: target, headers: headers, body: body)
    }

    static let escapeTable: [(String, String?)] = [
        ("", ""), ("abc", "abc"), ("a%20b", "a b"), ("%D0%BA", "к"), ("%d0%ba", "к"), ("%25", "%"), ("a+b", "a+b"),
        ("%00", "\0"), ("%", nil), ("%1", nil), ("%zz", nil), ("%+5", nil), ("% 5", nil), ("%-1", nil), ("a%2", nil),
        ("%FF", nil), ("%D0", nil), ("%é5", nil),
    ]

    @Test("Escapes are two hexadecimal digits, and the bytes UTF-8", arguments: escapeTable)
    func escapes(text: String, decoded: String?) {
        #expect(text.percentDecoded == decoded)
    }

    static let targetTable: [(String, String, [String], [String])] = [
        ("/", "/", [], []), ("/a/b", "/a/b", ["a", "b"], []), ("/a//b/", "/a//b/", ["a", "b"], []),
        ("/a%2Fb/c", "/a%2Fb/c", ["a/b", "c"], []), ("/a?x=1", "/a", ["a"], ["x=1"]), ("/a?", "/a", ["a"], []),
        ("/a?x=1&y=2&x=3", "/a", ["a"], ["x=1", "y=2", "x=3"]), ("/a?x", "/a", ["a"], ["x="]),
        ("/a?x=a%26b&y=c+d", "/a", ["a"], ["x=a&b", "y=c d"]), ("/a?x=1=2", "/a", ["a"], ["x=1=2"]),
        ("/a?x=1?y", "/a", ["a"], ["x=1?y"]), ("/a?&&x=1&", "/a", ["a"], ["x=1"]), ("/a?=1", "/a", ["a"], ["=1"]),
        ("/a?x=%zz", "/a", ["a"], ["x=%zz"]), ("/%zz", "/%zz", ["%zz"], []), ("", "", [], []),
    ]

    @Test("A target is a path of segments and a query of pairs", arguments: targetTable)
    func targets(target: String, path: String, segments: [String], pairs: [String]) {
        let request = request(target)
        #expect(request.path == path && request.segments == segments)
        #expect(request.query.map { "\($0.name)=\($0.value)" } == pairs)
    }

    @Test("Of a repeated name the first value counts")
    func firstValue() {
        let request = request("/?x=1&x=2&y=")
        #expect(request.value("x") == "1" && request.value("y")?.isEmpty == true && request.value("z") == nil)
    }

    @Test(
        "A bearer token is all that follows the scheme",
        arguments: [
            ("Bearer abc", "abc"), ("Bearer ", ""), ("Bearer a b", "a b"), ("Basic abc", nil), ("Bearer", nil),
            ("abc", nil),
        ] as [(String, String?)])
    func bearer(header: String, token: String?) {
        #expect(request("/", ["authorization": header]).bearer == token)
        #expect(request("/").bearer == nil)
    }

    @Test(
        "A content type is compared without parameters and case",
        arguments: [
            ("application/json", "application/json"), ("Application/JSON; charset=utf-8", "application/json"),
            (" text/plain ;x", "text/plain"), ("", ""), (";", ""),
        ])
    func contentType(header: String, type: String) {
        #expect(request("/", ["Content-Type": header]).contentType == type)
    }

    @Test("Requests are told apart by method, path, query and body, and not by headers")
    func digests() {
        let plain = request("/a?x=1", body: [1]).digest
        #expect(request("/a?x=1", ["Authorization": "Bearer x", "Date": "now"], body: [1]).digest == plain)
        let others = [
            request("/a?x=1", method: "POST", body: [1]), request("/b?x=1", body: [1]), request("/a?x=2", body: [1]),
            request("/a", body: [1]), request("/a?x=1", body: [2]), request("/a?x=1"),
        ]
        #expect(Set(others.map(\.digest)).count == 6 && !others.map(\.digest).contains(plain))
    }

    /// FIPS 180-4's own examples.
    static let digestTable: [(String, String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ]

    @Test("Digests are SHA-256 in lower-case hexadecimal", arguments: digestTable)
    func sha256(text: String, digest: String) {
        #expect(Digest.hexadecimal(Array(text.utf8)) == digest)
    }

    /// RFC 4648 §10.
    static let base64Table: [(String, String)] = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test("Base64 has the test vectors of its standard", arguments: base64Table)
    func base64(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
    }

    @Test(
        "What is not base64 is not decoded", arguments: ["Zg", "Zg=", "Zm9v!", "Zm9-", "é"])
    func notBase64(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    // MARK: Headers

    @Test("Names are compared without case, and setting replaces every value")
    func headers() {
        var headers = Headers([
            .init(name: "A", value: "1"), .init(name: "b", value: "2"), .init(name: "a", value: "3"),
        ])
        #expect(headers["a"] == "1" && headers["B"] == "2" && headers["c"] == nil)
        headers["a"] = "9"
        #expect(headers.fields.map(\.name) == ["b", "a"] && headers["A"] == "9")
        headers["B"] = nil
        #expect(headers.fields.map(\.name) == ["a"])
        headers.merge(["A": "5", "New": "6"])
        #expect(headers == ["A": "5", "New": "6"])
    }

    @Test("As JSON they are an object, repeated values joined by commas")
    func headersAsJSON() throws {
        let headers = Headers([.init(name: "X", value: "1"), .init(name: "X", value: "2"), .init(name: "A", value: "")])
        #expect(JSON.parse(try encoded(headers)) == ["X": "1, 2", "A": ""])
    }

    // MARK: JSON

    static let values: [(String, JSON?)] = [
        ("null", .null), ("true", true), ("0", 0), ("-5", -5), ("2.5", 2.5), ("\"a\\u00e9\\n\"", "aé\n"),
        ("[]", []), ("[1,\"1\",true,null]", [1, "1", true, nil]), ("{}", [:]),
        (#"{"a":{"b":[{}]}}"#, ["a": ["b": [[:]]]]),
        ("9223372036854775807", .integer(.max)), ("", nil), ("{", nil), ("{'a':1}", nil), ("nul", nil),
        ("1 2", nil), ("\"a", nil), ("{\"a\"}", nil), ("\u{FEFF}nope", nil),
    ]

    @Test("A value keeps its type, and what is no JSON is none", arguments: values)
    func json(text: String, value: JSON?) {
        #expect(JSON.parse(Array(text.utf8)) == value)
        if let value { #expect(JSON.parse(value.bytes) == value) }
    }

    @Test("Numbers, text and booleans are not taken for one another")
    func typesApart() {
        let one: JSON = 1, text: JSON = "1", yes: JSON = true
        #expect(one.text == nil && one.bool == nil && one.integer == 1)
        #expect(text.integer == nil && text.bool == nil && yes.integer == nil && yes.text == nil)
        #expect(JSON.parse(Array("[1, true]".utf8)) != JSON.parse(Array("[true, 1]".utf8)))
        #expect((["a": 1] as JSON)["a"] == 1 && ([1] as JSON)["a"] == nil)
    }

    @Test("Members are written in alphabetical order, slashes as they are")
    func writing() {
        let value: JSON = ["b": 1, "a": "x/y", "c": [nil, false, 0.5]]
        #expect(String(decoding: value.bytes, as: UTF8.self) == #"{"a":"x/y","b":1,"c":[null,false,0.5]}"#)
    }
}
