// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import Testing

@Suite("JSON recognized without a value made of it") struct JSONSyntaxTests {
    @Test(
        "What RFC 8259 allows on one line is recognized",
        arguments: [
            "{}", "[]", "[[]]", "[{}]", #"{"":[]}"#, "[0]", "[-0]", "[-0.0]", "[12]", "[1.50]", "[1e5]", "[1E+5]",
            "[1e-05]",
            "[-1.5e10]", "[true,false,null]", #"[""]"#, #"["a"]"#, #"["\"\\\/\b\f\n\r\t"]"#, #"["äß😀"]"#,
            #"{"a":1,"a":2}"#, #"{"a":{"b":{"c":[1,[2,[3]]]}}}"#, #"["{\"a\":[1]}"]"#, #"["[","]","{","}",":",","]"#,
        ])
    func valid(text: String) throws {
        #expect(JSONSyntax.isOneLine(text))
        _ = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }

    @Test(
        "What is no JSON, no object or array, or has space between its parts, is not",
        arguments: [
            "", " ", "1", "null", #""a""#, "{", "}", "[", "]", "[}", "{]", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1 2]",
            "[1][2]", "[1]x", "x[1]", "[01]", "[-]", "[+1]", "[.5]", "[1.]", "[1.e5]", "[1e]", "[1e+]", "[1e+-5]",
            "[0x1]",
            "[NaN]", "[Infinity]", "[tru]", "[nul]", "[True]", "[truee]", #"["a]"#, #"["\x"]"#, #"["\"]"#, "['a']",
            #"{"a"}"#, #"{"a":}"#, #"{:1}"#, #"{"a" :1}"#, #"{"a": 1}"#, "{a:1}", "{1:2}", #"{"a":1,}"#, #"{,"a":1}"#,
            #"{"a":1 "b":2}"#, "[1, 2]", "[ 1]", "[1 ]", "[1]\n", "\u{FEFF}[1]", "[\"\t\"]", "[\"\u{1}\"]",
            "[\"\u{7F}\"]",
            "[\"\u{85}\"]", "[\"\u{2028}\"]",
        ])
    func invalid(text: String) {
        #expect(!JSONSyntax.isOneLine(text))
    }

    @Test("Damaged JSON is recognized only where another parser reads it", arguments: UInt64(0)..<30)
    func damaged(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let marks = Array("{}[]:,\"\\0123456789.eE+-truefalsn ä".utf8)
        var recognized = 0
        for _ in 0..<40 {
            var bytes = Array(Self.document(depth: 3, &random).utf8)
            #expect(JSONSyntax.isOneLine(String(decoding: bytes, as: UTF8.self)))
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let mark = try #require(marks.randomElement(using: &random))
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = mark
                case 1: bytes.insert(mark, at: place)
                default: if bytes.count > 1 { bytes.remove(at: place) }
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard JSONSyntax.isOneLine(text) else { continue }
            recognized += 1
            #expect((try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil, "\(text)")
        }
        #expect(recognized > 0)
    }

    /// A random array or object on one line.
    private static func document(depth: Int, _ random: inout SeededGenerator) -> String {
        let count = Int.random(in: 0...3, using: &random)
        if Bool.random(using: &random) {
            return "[" + (0..<count).map { _ in value(depth: depth, &random) }.joined(separator: ",") + "]"
        }
        let members = (0..<count).map { #""k\#($0)":\#(value(depth: depth, &random))"# }
        return "{" + members.joined(separator: ",") + "}"
    }

    private static func value(depth: Int, _ random: inout SeededGenerator) -> String {
        if depth > 0, Bool.random(using: &random) { return document(depth: depth - 1, &random) }
        let values = ["0", "-12", "3.25", "true", "false", "null", #""""#, #""a\"b""#, #""ä\n""#]
        return values.randomElement(using: &random) ?? "null"
    }
}
