// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// The colour space that the chunks of a PNG declare.
@Suite struct PNGColourTests {
    private func colour(_ chunks: [(String, [UInt8])]) -> PNGColour {
        var colour = PNGColour()
        for (type, data) in chunks {
            colour.note(PNGChunk(type: type, offset: 0, data: 8..<8 + data.count), data: ByteView(data))
        }
        return colour
    }

    private func declaration(_ chunks: [(String, [UInt8])]) -> ColourSpaceDeclaration { colour(chunks).declaration }

    private static func u32(_ values: Int...) -> [UInt8] {
        values.flatMap { value in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
    }

    private static let profile = ("iCCP", Array("Display P3".utf8) + [0, 0] + [UInt8](repeating: 5, count: 500))
    private static let sRGB = ("sRGB", [0] as [UInt8])
    private static let gamma = ("gAMA", u32(45_455))
    private static let primaries = (
        "cHRM", u32(31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)
    )

    @Test("Nothing said is undeclared, and primaries alone say nothing")
    func undeclared() {
        #expect(declaration([]) == .undeclared)
        #expect(declaration([Self.primaries]) == .undeclared)
    }

    @Test("A profile wins over sRGB, sRGB over gamma, in any order")
    func precedence() {
        let chunks = [Self.profile, Self.sRGB, Self.gamma, Self.primaries]
        for first in 0..<4 {
            let turned = Array(chunks[first...] + chunks[..<first])
            #expect(declaration(turned) == .icc(byteCount: 500))
            #expect(declaration(turned.filter { $0.0 != "iCCP" }) == .sRGB)
            #expect(
                declaration(turned.filter { $0.0 == "gAMA" || $0.0 == "cHRM" })
                    == .gamma(0.45455, chromaticities: .sRGB))
        }
        #expect(declaration([Self.gamma]) == .gamma(0.45455, chromaticities: nil))
    }

    @Test("Of two alike the first counts")
    func first() {
        let later = ("iCCP", Array("Other".utf8) + [0, 0, 1])
        #expect(colour([Self.profile, later]).profileName == "Display P3")
        #expect(declaration([Self.profile, later]) == .icc(byteCount: 500))
        #expect(declaration([Self.gamma, ("gAMA", Self.u32(100_000))]) == .gamma(0.45455, chromaticities: nil))
        let others = ("cHRM", Self.u32(1, 1, 1, 1, 1, 1, 1, 1))
        #expect(declaration([Self.gamma, Self.primaries, others]) == .gamma(0.45455, chromaticities: .sRGB))
    }

    @Test(
        "Chunks of a wrong length say nothing",
        arguments: [
            ("gAMA", [0, 0, 1]), ("gAMA", [0, 0, 1, 0, 0]), ("gAMA", []), ("sRGB", []), ("sRGB", [0, 0]),
            ("gAMA", [0, 0, 0, 0]),
        ] as [(String, [UInt8])])
    func wrongLength(type: String, data: [UInt8]) {
        #expect(declaration([(type, data)]) == .undeclared)
    }

    @Test("Primaries of a wrong length are left out", arguments: [0, 31, 33])
    func wrongPrimaries(count: Int) {
        let chunk = ("cHRM", [UInt8](repeating: 1, count: count))
        #expect(declaration([Self.gamma, chunk]) == .gamma(0.45455, chromaticities: nil))
    }

    @Test("A profile's name is Latin-1 up to its NUL, and may be missing")
    func names() {
        #expect(colour([("iCCP", [0xE9, 0x20, 0x41, 0, 0, 1])]).profileName == "é A")
        #expect(colour([("iCCP", [0, 0, 1, 2, 3])]).profileName == nil)
        #expect(declaration([("iCCP", [0, 0, 1, 2, 3])]) == .icc(byteCount: 3))
        #expect(declaration([("iCCP", [])]) == .icc(byteCount: 0))
    }

    @Test("sRGB's primaries are usable, and are those of the standard")
    func standard() {
        #expect(Chromaticities.sRGB.areUsable)
        #expect(Chromaticities.sRGB.coordinates == [0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06])
    }

    @Test(
        "Primaries that can make no white are not usable",
        arguments: [
            (0, .nan), (1, 0), (1, 0.005), (3, 0), (5, 0), (7, 0), (0, 5), (2, -1.5), (4, .infinity), (6, 2.1),
        ] as [(Int, Double)])
    func unusable(index: Int, value: Double) {
        var xy = Chromaticities.sRGB.coordinates
        xy[index] = value
        let changed = Chromaticities(
            whiteX: xy[0], whiteY: xy[1], redX: xy[2], redY: xy[3], greenX: xy[4], greenY: xy[5], blueX: xy[6],
            blueY: xy[7])
        #expect(!changed.areUsable)
    }

    @Test("Three lights on one line are not usable, those of ACES are")
    func lines() {
        let line = Chromaticities(
            whiteX: 0.3, whiteY: 0.3, redX: 0.1, redY: 0.1, greenX: 0.2, greenY: 0.2, blueX: 0.3, blueY: 0.3)
        #expect(!line.areUsable)
        let aces = Chromaticities(
            whiteX: 0.32168, whiteY: 0.33767, redX: 0.7347, redY: 0.2653, greenX: 0, greenY: 1, blueX: 0.0001,
            blueY: -0.077)
        #expect(aces.areUsable)
    }
}
