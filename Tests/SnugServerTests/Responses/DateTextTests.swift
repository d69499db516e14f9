// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugServer

@Suite struct DateTextTests {
    @Test(
        "Moments are written as RFC 9110 writes them",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            // date -u -d @1709164800: a leap day.
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
        ])
    func text(seconds: Int, text: String) { #expect(DateText.of(seconds: seconds) == text) }
}
