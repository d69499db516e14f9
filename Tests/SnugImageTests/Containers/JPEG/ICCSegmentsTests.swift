// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct ICCSegmentsTests {
    private let bytes = profile(space: "RGB ", description: textDescription("Test space"))

    private func pieces(_ numbers: [UInt8], of total: UInt8 = 3) -> [UInt8] {
        let cuts = [0, 50, 100, bytes.count]
        return JPEGBuilder(
            segments: numbers.map { number in
                let index = Int(min(max(number, 1), 3)) - 1
                return JPEGBuilder.icc(number, of: total, Array(bytes[cuts[index]..<cuts[index + 1]]))
            }
        ).bytes
    }

    private func read(_ file: [UInt8], limits: DecodingLimits = DecodingLimits()) throws -> [UInt8]? {
        try ImageProbe.iccProfile(of: ImageSource(bytes: file), header: probe(file, limits: limits), limits: limits)
    }

    @Test("Pieces are put together by number, in any order", arguments: [[1, 2, 3], [3, 1, 2]] as [[UInt8]])
    func assembles(order: [UInt8]) throws {
        let file = pieces(order)
        #expect(try read(file) == bytes)
        let header = try probe(file)
        #expect(header.colourSpace == .icc(byteCount: bytes.count))
        #expect(header.iccProfileName == "Test space")
    }

    @Test(
        "A profile in wrong pieces is ignored with a warning, and the image is not refused",
        arguments: [([1, 3], 3), ([1, 2, 2, 3], 3), ([0, 1, 2, 3], 3), ([1, 2, 3, 4], 3), ([1, 2], 0)]
            as [([UInt8], UInt8)])
    func ignores(numbers: [UInt8], total: UInt8) throws {
        let file = pieces(numbers, of: total)
        let header = try probe(file)
        #expect(header.colourSpace == .undeclared)
        #expect(header.warnings.count == 1)
        #expect(try read(file) == nil)
    }

    @Test("A profile over the limit is ignored with a warning")
    func limit() throws {
        let limits = DecodingLimits(maximumProfileBytes: bytes.count - 1)
        let file = pieces([1, 2, 3])
        #expect(try read(file, limits: limits) == nil)
        #expect(try probe(file, limits: limits).warnings.contains { $0.contains("\(bytes.count)") })
    }

    @Test(
        "A profile that cannot be right for the image is ignored",
        arguments: [
            profile(space: "CMYK", description: textDescription("x")), [UInt8](repeating: 0, count: 200), [1, 2, 3],
            Array(profile(space: "RGB ", description: textDescription("x")).dropLast()),
        ])
    func unsuitable(profile: [UInt8]) throws {
        let file = JPEGBuilder(segments: [JPEGBuilder.icc(1, of: 1, profile)]).bytes
        #expect(try read(file) == nil)
        #expect(try probe(file).colourSpace == .undeclared)
    }

    @Test("The name is read from version 2 and version 4 profiles, without control characters")
    func names() {
        #expect(ICCProfile(profile(space: "RGB ", description: textDescription("sRGB\u{1B}[31m"))).name == "sRGB[31m")
        #expect(
            ICCProfile(profile(space: "RGB ", description: localisedDescription("Farbraum ü"))).name == "Farbraum ü")
    }
}
