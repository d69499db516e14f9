// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import snug

/// Messages about arguments that cannot be used.
@Suite struct UsageTextTests {
    @Test("A value that the reason names is named once, with its option")
    func once() {
        let text = """
            The value 'abc' is invalid for '--limit <size>': 'abc' is not a size
            Usage: snug fit
            """
        #expect(UsageText.namingValueOnce(text) == "--limit: 'abc' is not a size\nUsage: snug fit")
        #expect(UsageText.reason(in: text) == "'abc' is not a size\nUsage: snug fit")
    }

    @Test(
        "Other messages stay as they are",
        arguments: [
            "The value '4:1:1' is invalid for '--chroma <chroma>'. Please provide one of 'auto' or '4:2:0'.",
            "The value 'x' is invalid for '--size <WxH>': no size", "Missing value for '--limit <size>'", "",
            "The value '",
        ])
    func others(text: String) {
        #expect(UsageText.namingValueOnce(text) == text)
        #expect(UsageText.reason(in: text) == text)
    }
}
