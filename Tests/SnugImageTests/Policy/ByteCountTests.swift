// SPDX-License-Identifier: Apache-2.0
import SnugImage
import Testing

@Suite struct ByteCountTests {
    @Test(
        "Sizes are read as people write them",
        arguments: [
            ("10MB", 10_000_000), ("10MiB", 10_485_760), ("500k", 500_000), ("500kB", 500_000), ("1.5MB", 1_500_000),
            ("123456", 123_456), ("0", 0), ("7 MB", 7_000_000), ("1Gi", 1 << 30), ("2t", 2_000_000_000_000),
            ("512B", 512), ("12 bytes", 12), ("0.5KiB", 512), ("9223372036854775807", Int.max),
        ])
    func reads(text: String, bytes: Int) throws {
        #expect(try ByteCount(parsing: text).bytes == bytes)
    }

    @Test("Fractions are cut, so that a limit is never more than what was written")
    func cutsFractions() throws {
        #expect(try ByteCount(parsing: "1.9999").bytes == 1)
        #expect(try ByteCount(parsing: "0.0000000001TB").bytes == 0)
        #expect(try ByteCount(parsing: "1.9999999999999999999MB").bytes == 1_999_999)
    }

    @Test(
        "Nonsense, negative and enormous sizes are refused with words",
        arguments: [
            "", "MB", "10XB", "-5MB", "1..5MB", "1.MB", ".5MB", "1e6", "10 MB x", "٣MB", "9223372036854775808",
            "9223372036854775807k", "10,000", "0x10", "1.5.2", "９MB", "nan", "inf",
        ])
    func refuses(text: String) {
        #expect { try ByteCount(parsing: text) } throws: { error in
            guard let error = error as? ImageError else { return false }
            return error.code == .invalidArgument && error.message.contains("'\(text)'")
                && error.message.contains("10MB")
        }
    }

    @Test(
        "Sizes read well, and never look larger than they are",
        arguments: [
            (0, "0 bytes"), (999, "999 bytes"), (1000, "1.00 kB"), (9_999_999, "9.99 MB"), (10_000_000, "10.0 MB"),
            (104_857_600, "104 MB"), (-1500, "-1.50 kB"), (Int.max, "9.22 EB"), (Int.min, "-9.22 EB"),
        ])
    func describes(bytes: Int, text: String) {
        #expect(ByteCount(bytes).description == text)
    }
}
