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
}
