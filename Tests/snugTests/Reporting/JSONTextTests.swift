// SPDX-License-Identifier: Apache-2.0
import SystemPackage
import Testing

@testable import snug

@Suite struct JSONTextTests {
    @Test(
        "Values are written as RFC 8259 says",
        arguments: [
            (JSONText.null, "null"), (.boolean(true), "true"), (.integer(-5), "-5"), (.number(0.5), "0.5"),
            (.number(84), "84"), (.number(.nan), "null"), (.number(.infinity), "null"), (.number(1e300), "1e+300"),
            (.array([]), "[]"), (.object([]), "{}"),
            (
                .object([.init("b", .array([.integer(1), .null])), .init("a", .string("x"))]),
                #"{"b":[1,null],"a":"x"}"#
            ),
        ])
    func writes(value: JSONText, text: String) {
        #expect(value.description == text)
    }

    @Test("Strings cannot break out of their line or their quotes")
    func escapes() {
        let text = JSONText.string("\"\\\n\r\t\u{0}\u{1B}\u{7F}\u{9B}\u{2028}é日").description
        #expect(text == #""\"\\\n\r\t\u0000\u001b\u007f\u009b\u2028é日""#)
    }
}
