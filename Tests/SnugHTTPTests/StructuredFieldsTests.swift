// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugTestSupport
import Testing

@testable import SnugHTTP

@Suite struct StructuredFieldsTests {
    private func fields(_ values: String...) -> HTTPFields {
        var fields = HTTPFields()
        fields[values: "X"] = values
        return fields
    }

    @Test("A dictionary has its members by name, with parameters")
    func dictionary() {
        let found = fields(#"a=1, b;p=2, c="x", d=tok, e=:AQI=:, f=1.5, g=(1 2), a=3"#).structuredDictionary("X")
        #expect(found["a"] == StructuredItem(value: .integer(3)))
        #expect(found["b"] == StructuredItem(value: .boolean(true), parameters: ["p": .integer(2)]))
        #expect(found["c"]?.value == .text("x") && found["d"]?.value == .text("tok"))
        #expect(found["e"]?.value == .base64("AQI=") && found["f"]?.value == .other)
        #expect(found["g"] == nil && found.count == 6)
    }

    @Test("A field in several lines is one")
    func lines() {
        #expect(fields("a=1", "b=2").structuredDictionary("X").mapValues(\.integer) == ["a": 1, "b": 2])
        #expect(fields("1;x", "2").structuredList("X").map(\.integer) == [1, 2])
    }

    @Test(
        "What cannot be parsed counts as absent", arguments: ["", "a=", "a=1,", "A=1", "a=1;;", "\u{e9}", "=", "a=:x"])
    func malformed(text: String) {
        #expect(fields(text).structuredDictionary("X").isEmpty)
        #expect(fields(text).structuredBoolean("X") == nil)
    }

    @Test("An absent field has no value")
    func absent() {
        #expect(HTTPFields().structuredDictionary("X").isEmpty && HTTPFields().structuredList("X").isEmpty)
        #expect(HTTPFields().structuredBoolean("X") == nil)
    }

    @Test("A boolean is read as it was written", arguments: [true, false])
    func booleans(flag: Bool) {
        var fields: HTTPFields = ["X": "old"]
        fields.set("X", boolean: flag)
        #expect(fields[values: "X"] == [flag ? "?1" : "?0"] && fields.structuredBoolean("X") == flag)
    }

    @Test(
        "The end of a rate limit that is used up is a wait",
        arguments: [
            (#""default";r=0;t=30"#, 30), (#""a";r=5;t=30, "b";r=0;t=7"#, 7), (#""a";r=0;t=30, "b";r=0;t=7"#, 30),
            (#""default";r=1;t=30"#, nil), (#""default";t=30"#, nil), (#""default";r=0"#, nil),
            (#""default";r=0;t=-5"#, nil), (#""default";r=0;t=999999999"#, 86_400),
            ("limit=10, remaining=0, reset=12", 12), ("limit=10, remaining=2, reset=12", nil), ("nonsense=", nil),
        ] as [(String, Int?)])
    func rateLimits(text: String, seconds: Int?) {
        #expect(WaitHint.read(["RateLimit": text], body: [], now: 0) == seconds.map { .seconds($0) })
    }

    @Test("The standard's own examples of lists and dictionaries are read (RFC 9651 §3)")
    func examples() {
        #expect(
            fields("sugar, tea, rum").structuredList("X").map(\.value) == ["sugar", "tea", "rum"].map { .text($0) })
        let parameters = fields("abc;a=1;b=2; cde_456, (ghi jk);q=\"9\";r=w").structuredList("X")
        #expect(parameters.count == 1 && parameters[0].value == .text("abc"))
        #expect(parameters[0].parameters == ["a": .integer(1), "b": .integer(2), "cde_456": .boolean(true)])
        let dictionary = fields(#"en="Applepie", da=:w4ZibGV0w6ZydGU=:"#).structuredDictionary("X")
        #expect(dictionary["en"]?.value == .text("Applepie"))
        #expect(dictionary["da"]?.value == .base64("w4ZibGV0w6ZydGU="))
        let flags = fields("a=?0, b, c; foo=bar").structuredDictionary("X")
        #expect(flags["a"]?.value == .boolean(false) && flags["b"]?.value == .boolean(true))
        #expect(flags["c"] == StructuredItem(value: .boolean(true), parameters: ["foo": .text("bar")]))
        let mixed = fields("rating=1.5, feelings=(joy sadness)").structuredDictionary("X")
        #expect(mixed["rating"]?.value == .other && mixed["feelings"] == nil)
        #expect(
            fields(#""escaped \"quote\" and \\""#).structuredList("X").first?.value == .text(#"escaped "quote" and \"#))
    }

    @Test(
        "Integers have at most 15 digits",
        arguments: [
            ("42", 42), ("-42", -42), ("0", 0), ("-0", 0), ("00042", 42), ("999999999999999", 999_999_999_999_999),
            ("-999999999999999", -999_999_999_999_999), ("1000000000000000", nil), ("+1", nil), ("--1", nil),
            ("-", nil),
            ("1 2", nil), ("0x10", nil), ("1e3", nil),
        ] as [(String, Int?)])
    func integers(text: String, expected: Int?) {
        #expect(fields(text).structuredList("X").first?.integer == expected)
        #expect(fields("a=\(text)").structuredDictionary("X")["a"]?.integer == expected)
    }

    @Test(
        "A boolean is ?0 or ?1 and nothing else",
        arguments: [
            ("?1", true), ("?0", false), ("?1;a=b", true), (" ?1 ", true), ("?2", nil), ("1", nil), ("true", nil),
            ("?", nil),
            ("?1, ?1", nil), ("?10", nil),
        ] as [(String, Bool?)])
    func booleanForms(text: String, expected: Bool?) { #expect(fields(text).structuredBoolean("X") == expected) }
}
