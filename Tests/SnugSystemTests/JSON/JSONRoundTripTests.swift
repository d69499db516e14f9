// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import SnugSystem

/// Against the standard's examples and Foundation's own reader and writer.
@Suite struct JSONRoundTripTests {
    @Test("The standard's examples are written as they stand there, but for blanks (RFC 8259 §13)")
    func examples() {
        let image: JSONValue = [
            "Image": [
                "Width": 800, "Height": 600, "Title": "View from 15th Floor",
                "Thumbnail": ["Url": "http://www.example.com/image/481989943", "Height": 125, "Width": 100],
                "Animated": false, "IDs": [116, 943, 234, 38793],
            ]
        ]
        #expect(
            image.description
                == #"{"Image":{"Width":800,"Height":600,"Title":"View from 15th Floor","#
                + #""Thumbnail":{"Url":"http://www.example.com/image/481989943","Height":125,"Width":100},"#
                + #""Animated":false,"IDs":[116,943,234,38793]}}"#)
        let places: JSONValue = [["precision": "zip", "Latitude": 37.7668, "Longitude": -122.3959, "Zip": "94107"]]
        #expect(
            places.description == #"[{"precision":"zip","Latitude":37.7668,"Longitude":-122.3959,"Zip":"94107"}]"#)
        #expect(JSONValue.text("Hello world!").description == #""Hello world!""#)
    }

    private func value(_ depth: Int, _ random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
        case 0: return .null
        case 1: return .flag(Bool.random(using: &random))
        case 2: return .integer(Int.random(in: .min ... .max, using: &random))
        case 3:
            // Halves are exact, and never whole.
            return .number(Double(Int.random(in: -1_000_000...1_000_000, using: &random)) + 0.5)
        case 4, 5: return .text(text(&random))
        case 6: return .array((0..<Int.random(in: 0...4, using: &random)).map { _ in value(depth - 1, &random) })
        default:
            return .members(
                (0..<Int.random(in: 0...4, using: &random)).map { ("\($0)" + text(&random), value(depth - 1, &random)) }
            )
        }
    }

    private func text(_ random: inout SeededGenerator) -> String {
        let scalars = (0..<Int.random(in: 0...8, using: &random)).compactMap { _ in
            Unicode.Scalar(
                Bool.random(using: &random)
                    ? UInt32.random(in: 0...0x7F, using: &random) : UInt32.random(in: 0x80...0x10FFFF, using: &random))
        }
        return String(String.UnicodeScalarView(scalars))
    }

    @Test("Any value is written as one line that reads as the same value", arguments: UInt64(0)..<20)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<30 {
            let written = value(3, &random)
            let text = written.description
            #expect(!text.unicodeScalars.contains { $0.value < 32 || (0x7F...0x9F).contains($0.value) })
            let read = JSONValue(parsing: Array(text.utf8))
            #expect(read?.sortedBytes == written.sortedBytes)
            // Foundation reads the same: it writes it again with sorted keys.
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
            let again = try JSONSerialization.data(withJSONObject: object, options: [.fragmentsAllowed, .sortedKeys])
            #expect(JSONValue(parsing: Array(again))?.sortedBytes == written.sortedBytes)
            // Equal values are equal bytes, in whatever order they came.
            #expect(JSONValue(parsing: written.sortedBytes)?.sortedBytes == written.sortedBytes)
        }
    }

    @Test("Nesting without end is refused, and ends no process", arguments: ["[", "{\"a\":", "[[{\"a\":["])
    func nesting(piece: String) {
        for count in [10, 400, 10_000, 200_000] {
            #expect(JSONValue(parsing: Array(String(repeating: piece, count: count).utf8)) == nil)
        }
        let legal = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(JSONValue(parsing: Array(legal.utf8))?.description == legal)
    }

    @Test(
        "Numbers are the shortest text that reads as the same number",
        arguments: [
            (0.1, "0.1"), (-0.0, "0"), (1e21, "1e+21"), (9_007_199_254_740_991, "9007199254740991"),
            (1.5e-7, "1.5e-07"),
            (123_456_789.125, "123456789.125"), (.leastNonzeroMagnitude, "5e-324"),
            (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
        ])
    func numbers(number: Double, text: String) {
        #expect(JSONValue.number(number).description == text)
        #expect(Double(JSONValue.number(number).description) == number)
    }
}
