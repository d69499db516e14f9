// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugLedger

@Suite struct ObjectReferenceTests {
    private static let digest = String(repeating: "0123456789abcdef", count: 4)

    @Test(
        "Each SHA-256 of a text is found, and nothing else is one",
        arguments: [
            ("", 0), ("{}", 0), (digest, 1), ("\"\(digest)\"", 1), ("{\"a\":\"\(digest)\",\"b\":[\"\(digest)\"]}", 1),
            ("https://host/\(digest).jpg?x=\(String(digest.reversed()))", 2), ("\\\"\(digest)\\\"", 1),
            (digest + "0", 0), (String(digest.dropLast()), 0), ("g\(digest.dropFirst())", 0),
            (digest.uppercased(), 0), (digest + digest, 0), ("é\(digest)é", 1),
        ])
    func found(text: String, count: Int) {
        let found = ObjectReferences.digests(in: text)
        #expect(found.count == count)
        if count > 0 { #expect(found.contains(Self.digest)) }
    }
}
