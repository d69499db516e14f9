// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@Suite struct JSONValueWritingTests {
    @Test(
        "Values are written as RFC 8259 says",
        arguments: [
            (JSONValue.null, "null"), (.flag(true), "true"), (.integer(-5), "-5"), (.number(0.5), "0.5"),
            (.number(84), "84"), (.number(.nan), "null"), (.number(.infinity), "null"), (.number(1e300), "1e+300"),
            (.array([]), "[]"), (.members([]), "{}"),
            (
                .members([("b", .array([.integer(1), .null])), ("a", .text("x"))]),
                #"{"b":[1,null],"a":"x"}"#
            ),
        ])
    func writes(value: JSONValue, text: String) {
        #expect(value.description == text)
    }

    @Test("Strings cannot break out of their line or their quotes")
    func escapes() {
        let text = JSONValue.text("\"\\\n\r\t\u{0}\u{1B}\u{7F}\u{9B}\u{2028}é日").description
        #expect(text == #""\"\\\n\r\t\u0000\u001b\u007f\u009b\u2028é日""#)
    }
}
