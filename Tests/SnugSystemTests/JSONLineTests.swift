// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import Testing

@Suite struct JSONLineTests {
    @Test("A line reads as the members that were written", arguments: UInt64(0)..<40)
    func members(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("ab\"\\\n\t\u{1}\u{7F}\u{85}\u{2028}ä€😀 /{}[]")
        var line = JSONLine()
        var expected: [String: Any] = [:]
        for number in 0..<Int.random(in: 0...8, using: &random) {
            let text = String(
                (0..<Int.random(in: 0...9, using: &random)).compactMap { _ in
                    alphabet.randomElement(using: &random)
                })
            line.append("text \(number) \(text)", text: text)
            expected["text \(number) \(text)"] = text
            line.append("number \(number)", number: number - 3)
            expected["number \(number)"] = number - 3
            line.append("flag \(number)", flag: number % 2 == 0)
            expected["flag \(number)"] = number % 2 == 0
        }
        line.append("none", text: nil)
        expected["none"] = NSNull()
        let text = line.text
        // Nothing that a terminal executes or a reader of lines ends a line at.
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
        #expect(!text.contains("\u{2028}"))
        let read = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary)
        #expect(read == expected as NSDictionary)
    }

    @Test(
        "JSON within JSON stays what it is, and text that is none is a text",
        arguments: [
            (#"{"a":[1,2.5e3,{"b":"c"}],"d":null}"#, #"{"a":[1,2.5e3,{"b":"c"}],"d":null}"#),
            (#"{}"#, "{}"), (#"[]"#, "[]"), (#"{"a":"x\"y\\"}"#, #"{"a":"x\"y\\"}"#),
            ("{\"a\":\n1}", #"{"a":1}"#), (#"{"b":1, "a":2}"#, #"{"a":2,"b":1}"#),
            ("{\"a\":\"\u{9B}31m\"}", #"{"a":"\u009b31m"}"#), (#"{"a":"\u0041"}"#, #"{"a":"A"}"#),
            (#"{"a":1"#, #""{\"a\":1""#), (#"{"a":01}"#, #""{\"a\":01}""#), ("plain", #""plain""#),
            (#"{"a":1}{"b":2}"#, #""{\"a\":1}{\"b\":2}""#), (#"{"a":"\x"}"#, #""{\"a\":\"\\x\"}""#),
            (#"{"a":}"#, #""{\"a\":}""#), ("", #""""#),
        ])
    func nested(text: String, written: String) {
        var line = JSONLine()
        line.append("options", parsing: text)
        #expect(line.text == #"{"options":"# + written + "}")
    }

    @Test("A line without members is an empty object")
    func empty() {
        #expect(JSONLine().text == "{}")
    }

    @Test("Deep nesting is read or refused, and never ends the process")
    func depth() {
        for count in [60, 70, 400] {
            let text = String(repeating: "[", count: count) + String(repeating: "]", count: count)
            #expect(JSONSyntax.isOneLine(text) == (count < 64))
        }
    }
}
