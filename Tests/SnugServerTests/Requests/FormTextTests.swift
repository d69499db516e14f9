// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugServer

@Suite struct FormTextTests {
    @Test(
        "Fields are read as the URL standard has it",
        arguments: [
            ("", []), ("a=1", ["a:1"]), ("a=1&b=2", ["a:1", "b:2"]), ("keep-size", ["keep-size:"]), ("a=", ["a:"]),
            ("a=b=c", ["a:b=c"]), ("&&a=1&", ["a:1"]), ("a=1+2", ["a:1 2"]), ("a=1%2B2", ["a:1+2"]),
            ("background=%23ff0000", ["background:#ff0000"]), ("%6Cimit=50%25", ["limit:50%"]), ("a=%C3%A4", ["a:ä"]),
            ("=x", [":x"]), ("a=%00", ["a:\u{0}"]),
        ] as [(String, [String])])
    func fields(text: String, expected: [String]) {
        #expect(FormText.fields(text)?.map { "\($0.name):\($0.value)" } == expected)
    }

    @Test(
        "Text that is not well formed is refused",
        arguments: ["a=%", "a=%4", "a=%zz", "%ff=1", "a=%C3", "a=%c3%28", "a=%4%31"])
    func malformed(text: String) {
        #expect(FormText.fields(text) == nil)
    }
}
