// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

/// RFC 8259 case by case: what has to be read, what has to be refused, and what stays exact.
@Suite struct JSONParsingTests {
    private func parse(_ text: String) -> JSONValue? { JSONValue(parsing: Array(text.utf8)) }

    static let accepted: [(String, JSONValue)] = [
        ("[]", []), ("[ ]", []), ("[[]   ]", [[]]), ("{}", [:]), (" [1] ", [1]), ("\t\n\r [1]\n", [1]),
        ("[null]", [nil]), ("[true,false]", [true, false]), ("[null, 1, \"1\", {}]", [nil, 1, "1", [:]]),
        ("[1,null,null,null,2]", [1, nil, nil, nil, 2]), ("\"\"", ""), ("\"asd\"", "asd"), ("42", 42), ("-0", 0),
        ("0", 0), ("-1", -1), ("-123", -123), ("123456789", 123_456_789), ("-0.1", -0.1), ("[123.456]", [123.456]),
        ("1e2", 100), ("1E2", 100), ("1E+2", 100), ("1e-2", 0.01), ("1.5E3", 1500), ("0e1", 0), ("0e+1", 0),
        ("20e1", 200), ("{\"\":0}", ["": 0]), ("{\"a\":[]}", ["a": []]), ("{\"a\" : 1 }", ["a": 1]),
        ("{\"a\":\"b\",\"c\":\"d\"}", ["a": "b", "c": "d"]), ("{\n\"a\": \"b\"\n}", ["a": "b"]),
        ("[\"\\u0060\\u012a\\u12AB\"]", ["`\u{12A}\u{12AB}"]), ("\"\\uD801\\udc37\"", "\u{10437}"),
        ("\"\\ud83d\\ude39\\ud83d\\udc8d\"", "😹💍"), ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\u{8}\u{C}\n\r\t"),
        ("\"\\\\u0000\"", "\\u0000"), ("\"\\\\a\"", "\\a"), ("\"\\u0000\"", "\0"), ("\"a/*b*/c\"", "a/*b*/c"),
        ("\"\\u2028\\u2029\"", "\u{2028}\u{2029}"), ("\"\u{2028}\u{2029}\"", "\u{2028}\u{2029}"),
        ("\"\u{7F}\"", "\u{7F}"), ("\"€𝄞\"", "€𝄞"), ("\"\\u0022\"", "\""), ("\"\\u005C\"", "\\"),
        ("\"\\uFFFF\"", "\u{FFFF}"), ("\"new\\u000Aline\"", "new\nline"), ("\"ü\\u00fc\"", "üü"),
    ]

    @Test("What RFC 8259 allows is read", arguments: accepted)
    func reads(text: String, value: JSONValue) { #expect(parse(text) == value) }

    @Test(
        "What RFC 8259 forbids is no value",
        arguments: [
            "", " ", "[", "]", "[1", "[1,", "[,1]", "[1,,2]", "[1,]x", "[\"\",", "[1 true]", "[a", "[\"a\"", "[1:2]",
            "{", "}", "{\"a\"", "{\"a\":", "{\"a\" \"b\"}", "{:\"b\"}", "{\"a\":1,,\"b\":2}", "{a:1}", "{'a':1}",
            "{1:1}", "{\"a\":\"b\"}#", "{\"a\":\"b\"}//", "{\"a\":\"b\"}/**/", "{,}", "{\"a\",1}", "nul", "tru", "fals",
            "True", "NULL", "nan", "NaN", "Infinity", "-Infinity", "+1", ".5", "1.", "-", "--1", "1e", "1e+", "0x1F",
            "01", "-01", "1 2", "1,2", "\"", "\"a", "'a'", "\"\\x00\"", "\"\\a\"", "\"\\\"", "\"\\u\"", "\"\\u12\"",
            "\"\\u123G\"", "\"a\u{0}b\"", "\"a\nb\"", "\"a\tb\"", "\"a\u{1F}b\"", "[\"a\"]]", "\u{FEFF}[]x", "<null>",
            "[\\u0020]", "{\"a\":true} \"x\"", "abc", "é", "(1)",
        ])
    func refuses(text: String) { #expect(parse(text) == nil) }

    @Test(
        "Bytes that are no UTF-8 are no value",
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xE0, 0x80, 0x22], [0xFF, 0xFE, 0x5B, 0x5D],
            [0x5B, 0x22, 0x80, 0x22, 0x5D],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) { #expect(JSONValue(parsing: bytes) == nil) }

    @Test(
        "Whole numbers are exact to the last digit",
        arguments: [0, 1, -1, 9_007_199_254_740_993, -9_007_199_254_740_993, .max, .min])
    func exactIntegers(value: Int) {
        #expect(parse("[\(value)]") == [.integer(value)])
        #expect(JSONValue.integer(value).description == "\(value)")
    }

    @Test(
        "A number beyond whole ones is one with a fraction",
        arguments: ["9223372036854775808", "-9223372036854775809", "1e300"])
    func largeNumbers(text: String) throws {
        let value = try #require(parse(text))
        #expect(value == .number(try #require(Double(text))))
    }

    @Test(
        "Fractions come back as they were written",
        arguments: [0.1, -2.5, 1e-9, 123_456.789, 1.7976931348623157e308, .leastNonzeroMagnitude])
    func fractions(value: Double) {
        #expect(parse(JSONValue.number(value).description) == .number(value))
    }

    @Test(
        "Nesting of any depth is read or refused, and never ends the process",
        arguments: [10, 100, 511, 5_000, 200_000])
    func nesting(depth: Int) {
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        var value = parse(text)
        if depth <= 500 { #expect(value != nil) }
        var found = 0
        while let current = value, case .array(let inner) = current {
            found += 1
            value = inner.first
        }
        #expect(found == 0 || found == depth)
        #expect(parse(String(repeating: "[", count: depth)) == nil)
        #expect(parse(String(repeating: "{\"a\":", count: depth)) == nil)
    }

    @Test("Every text cut anywhere is read or refused")
    func truncation() {
        let text = Array("{\"a\": [1, -2.5e3, \"x\\u00e9\\n\", true, null], \"b\": {\"c\": \"\\ud83d\\ude39\"}}".utf8)
        #expect(JSONValue(parsing: text) != nil)
        for count in 0..<text.count { #expect(JSONValue(parsing: Array(text[..<count])) == nil, "\(count)") }
    }

    @Test("Every scalar of a string comes back through writing and reading")
    func scalars() {
        for start in stride(from: UInt32(0), to: 0x11_0000, by: 0x1000) {
            var text = ""
            for value in start..<start + 0x1000 {
                if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
            }
            let written = JSONValue.text(text).description
            #expect(!written.unicodeScalars.contains { $0.value < 0x20 || 0x7F...0x9F ~= $0.value })
            #expect(parse(written) == .text(text))
        }
    }

    @Test(
        "Amounts and identifiers are taken from the forms that services use",
        arguments: [
            (.integer(5), 5, "5"), (.number(1.5), 1.5, nil), (.text("2.5"), 2.5, "2.5"), (.text("x"), nil, "x"),
            (.text(""), nil, nil), (.flag(true), nil, nil), (.null, nil, nil), (.array([1]), nil, nil),
        ] as [(JSONValue, Double?, String?)])
    func amounts(value: JSONValue, amount: Double?, identifier: String?) {
        #expect(value.amount == amount && value.identifier == identifier)
    }
}
