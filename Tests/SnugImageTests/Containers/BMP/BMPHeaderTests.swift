// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

@Suite struct BMPHeaderTests {
    private func header(_ change: (inout [UInt8]) -> Void) throws -> BMPHeader {
        var file = try FixtureFolder.bmp.bytes("rgb24.bmp")
        change(&file)
        return try BMPHeader(ImageSource(bytes: file))
    }

    private func code(_ change: (inout [UInt8]) -> Void) -> ImageError.Code? {
        do {
            _ = try header(change)
            return nil
        } catch { return (error as? ImageError)?.code }
    }

    @Test(
        "Faults are named by code",
        arguments: [
            // Place, value, code: header length, width, height, depth, compression.
            (14, 41, .corruptInput), (18, 0, .corruptInput), (21, 0x80, .corruptInput), (22, 0, .corruptInput),
            (28, 3, .corruptInput), (30, 3, .corruptInput), (30, 1, .corruptInput), (30, 4, .unsupportedFeature),
            (30, 5, .unsupportedFeature), (33, 1, .unsupportedFeature),
        ] as [(Int, UInt8, ImageError.Code)])
    func faults(place: Int, value: UInt8, expected: ImageError.Code) {
        #expect(code { $0[place] = value } == expected)
        #expect(code { _ in } == nil)
    }

    @Test("A header that is cut is told so", arguments: [15, 20, 40])
    func cut(count: Int) {
        #expect(code { $0.removeLast($0.count - count) } == .truncatedInput)
    }

    @Test("Masks whose bits lie apart are damage")
    func masks() throws {
        var file = try FixtureFolder.bmp.bytes("rgb565.bmp")
        file[54] = 0x05
        #expect { try BMPHeader(ImageSource(bytes: file)) } throws: {
            ($0 as? ImageError)?.code == .corruptInput
        }
    }

    // The value times 255 over the maximum, rounded.
    @Test(
        "Channels of any width are scaled to 8 bits",
        arguments: [
            (0x1F, 0, 0), (0x1F, 31, 255), (0x1F, 16, 132), (0x7E0, 32 << 5, 130), (0x3FF, 512, 128), (0x1, 1, 255),
            (0xFF00, 0x7F00, 127), (0, 77, 9),
        ])
    func channels(mask: Int, pixel: Int, expected: UInt8) throws {
        #expect(try #require(BMPChannel(mask: mask)).sample(pixel, empty: 9) == expected)
    }

    @Test("Sides over the limits are refused before anything is decoded")
    func bomb() throws {
        var file = try FixtureFolder.bmp.bytes("rle8.bmp")
        file.replaceSubrange(18..<26, with: [0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0, 0])
        #expect { try probe(file) } throws: { ($0 as? ImageError)?.code == .limitExceeded }
    }
}
