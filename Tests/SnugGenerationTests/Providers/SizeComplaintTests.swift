// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugGeneration

@Suite struct SizeComplaintTests {
    private static let limits: [(String, [Int], Int?)] = [
        // Counted in base64: 4,706,850 raw bytes are 6,275,800.
        ("image exceeds 5 MB maximum: 6275800 bytes > 5242880 bytes", [4_706_850], 3_932_160),
        ("messages.0: image exceeds 5 MB maximum: 6,275,800 bytes > 5,242,880 bytes", [100, 4_706_850], 3_932_160),
        // Counted raw.
        ("image exceeds 5 MB maximum: 6275800 bytes > 5242880 bytes", [6_275_800], 5_242_880),
        ("Image too large: 60000000 bytes > 50000000 bytes", [60_000_000], 50_000_000),
        ("File too large. Max size: 100MB", [104_900_000], 100_000_000),
        ("File too large. Max size: 100 MiB", [110_000_000], 104_857_600),
        // Counted as the whole request.
        ("Maximum request body size 104857600 exceeded, actual body size 104923136", [104_920_000], 104_848_382),
        ("Maximum request body size 52428800 exceeded.", [60_000_000], 52_419_582),
        ("Maximum request body size 10000000 exceeded, actual body size 12001000", [6_000_000, 6_000_000], 4_994_879),
        // Below the raw size of nothing, but of its base64.
        ("image exceeds the maximum of 5242880 bytes", [4_706_850], 3_932_160),
        // Limits that were kept to, and no limits at all.
        ("image exceeds the maximum of 20000000 bytes", [4_706_850], nil), ("payload is too large", [5_000_000], nil),
        ("", [5_000_000], nil), ("image too large (request req_123456789)", [5_000_000], nil),
        ("image too large, try 3 times", [5_000_000], nil), ("maximum 99999999999999999999 bytes", [5_000_000], nil),
        ("maximum 9999999999 GB", [5_000_000], nil), ("at most 999999999999 GiB", [5_000_000], nil),
        ("at most 9e99 MB, 1.7976931348623157e308 GiB", [5_000_000], nil),
        // Nothing is known of what was sent.
        ("File too large. Max size: 10MB", [], 10_000_000),
    ]

    @Test("The limit is what was named, as raw bytes of one image", arguments: limits)
    func bytes(text: String, sent: [Int], expected: Int?) {
        #expect(SizeComplaint(text, sent: sent, prompt: "ab").byteLimit == expected)
    }

    private static let sides: [(String, Int?)] = [
        ("At least one of the image dimensions exceed max allowed size: 8000 pixels", 8000),
        ("image is 9000x70 pixels; the maximum is 8000 px", 8000), ("image exceeds 5 MB", nil),
    ]

    @Test("Pixels are read too", arguments: sides)
    func pixels(text: String, expected: Int?) {
        let complaint = SizeComplaint(text, sent: [1_000_000], prompt: "")
        #expect(complaint.maximumSide == expected && complaint.byteLimit == nil)
    }

    @Test("Whatever is said, the limit is below what was sent, or none", arguments: UInt64(0)..<10)
    func noise(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "maximum ", "request body ", "9", "0", "5242880", ".", ",", " MB", " GiB", "kb", " px", " pixels", " bytes",
            "image too large ", "\u{663}", "-", "_", "e9", " > ", "payload ", "99999999999999999999", "\u{E9}",
        ]
        for _ in 0..<300 {
            let text = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }
            let sent = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                Int.random(in: 1...100_000_000, using: &random)
            }
            let complaint = SizeComplaint(text.joined(), sent: sent, prompt: "a prompt")
            if let limit = complaint.byteLimit {
                #expect(limit > 0)
                if let largest = sent.max() { #expect(limit < largest, "\(text.joined())") }
            }
            #expect(complaint.maximumSide.map { $0 >= 64 } ?? true)
        }
    }
}
