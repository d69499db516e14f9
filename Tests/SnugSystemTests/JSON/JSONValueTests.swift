// SPDX-License-Identifier: Apache-2.0
import Foundation
import OrderedCollections
import SnugSystem
import Testing

@Suite struct JSONValueTests {
    private static let texts: [(String, JSONValue)] = [
        ("null", .null), ("true", .flag(true)), ("-5", .integer(-5)), ("0.5", .number(0.5)), ("\"x\"", .text("x")),
        ("[1,[]]", .array([.integer(1), .array([])])),
        ("{\"b\":1,\"a\":{}}", .members([("a", .members([])), ("b", .integer(1))])),
    ]

    @Test("Text is parsed into values", arguments: texts)
    func parses(text: String, value: JSONValue) { #expect(JSONValue(parsing: Array(text.utf8)) == value) }

    @Test("Broken text is no value", arguments: ["", "{", "[1,]x", "nul", "{\"a\"}", "\u{FEFF}x"])
    func broken(text: String) { #expect(JSONValue(parsing: Array(text.utf8)) == nil) }

    @Test("Parsed members come in alphabetical order, and literal ones in their own")
    func order() {
        #expect(JSONValue(parsing: Array("{\"b\":1,\"a\":2}".utf8))?.description == "{\"a\":2,\"b\":1}")
        #expect((["b": 1, "a": 2] as JSONValue).description == "{\"b\":1,\"a\":2}")
        #expect(
            (["b": ["z": 1, "y": 2], "a": 2] as JSONValue).sortedBytes
                == Array("{\"a\":2,\"b\":{\"y\":2,\"z\":1}}".utf8))
    }

    @Test("What is written is read as the same value, also by Foundation")
    func roundTrip() throws {
        let value: JSONValue = ["a": [1, 0.5, "x\u{1B}\u{2028}\"", true, nil], "b": ["c": [:]], "d": .integer(.max)]
        #expect(JSONValue(parsing: Array(value.description.utf8)) == value)
        let object = try JSONSerialization.jsonObject(with: Data(value.description.utf8)) as? [String: Any]
        #expect((object?["a"] as? [Any])?.count == 5)
        let encoded = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(JSONValue.self, from: encoded) == value)
    }

    @Test("A member is found, and null counts as none")
    func members() {
        let value: JSONValue = ["a": 1, "b": nil]
        #expect(value["a"] == 1 && value["b"] == nil && value["c"] == nil)
        #expect(JSONValue.text("x")["a"] == nil)
        #expect(value.members.count == 2 && JSONValue.null.members.isEmpty)
        #expect(([1, 2] as JSONValue).elements == [1, 2] && value.elements.isEmpty)
    }

    @Test("Members are added at the end, or replaced in their place")
    func appends() {
        var value: JSONValue = ["a": 1, "b": 2]
        value.append("c", 3)
        value.append("a", 4)
        value.append(contentsOf: ["b": 5, "d": 6])
        #expect(value.description == "{\"a\":4,\"b\":5,\"c\":3,\"d\":6}")
        #expect(JSONValue.members([("x", 1), ("y", 2), ("x", 3)]).description == "{\"x\":3,\"y\":2}")
    }

    @Test("Of two literal members with one name the last counts")
    func duplicateMembers() { #expect((["a": 1, "a": 2] as JSONValue)["a"] == 2) }

    @Test("Texts, identifiers and amounts are taken in the forms that services use")
    func conversions() {
        #expect(JSONValue.text("x").text == "x" && JSONValue.text("").text == nil && JSONValue.integer(1).text == nil)
        #expect(JSONValue.integer(7).identifier == "7" && JSONValue.text("j1").identifier == "j1")
        #expect(JSONValue.flag(true).identifier == nil)
        #expect(
            JSONValue.text("1.5").amount == 1.5 && JSONValue.integer(2).amount == 2
                && JSONValue.number(0.5).amount == 0.5)
        #expect(JSONValue.text("x").amount == nil && JSONValue.null.amount == nil)
    }

    @Test("Missing values are null")
    func optionals() {
        #expect(JSONValue.optional(nil as String?) == .null && JSONValue.optional("a") == "a")
        #expect(JSONValue.optional(nil as Int?) == .null && JSONValue.optional(1) == 1)
        #expect(JSONValue.optional(nil as Double?) == .null && JSONValue.optional(0.5) == 0.5)
    }
}
