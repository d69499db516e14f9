// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

@Suite struct LimitsTests {
    @Test("A base64 limit allows three bytes for every four characters")
    func base64() { #expect(Limits(byteLimit: 5_242_880, counting: .base64).fileByteLimit == 3_932_160) }
}
