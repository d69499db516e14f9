// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

@Suite struct ColourConversionTests {
    @Test(
        "A profile is applied as Pillow applies it",
        arguments: [
            ("p3", SampleLayout.Model.rgb), ("adobergb", .rgb), ("swapped", .rgb), ("gray-gamma18", .gray),
            ("cmyk", .cmyk),
        ])
    func matchesPillow(name: String, model: SampleLayout.Model) throws {
        let made = ColourConversion.make(profile: try ColourFixtures.profile(name), source: SampleLayout(model))
        let pixels = try ColourFixtures.pixels(name)
        #expect(made.warnings.isEmpty)
        #expect(!made.conversion.isIdentity)
        let difference = try #require(
            largestDifference(made.conversion.converted(pixels.source), pixels.expected))
        #expect(difference <= 1)
    }

    @Test("16-bit samples are converted as the same colours in 8 bits are", arguments: ["p3", "adobergb", "swapped"])
    func sixteenBits(name: String) throws {
        let layout = SampleLayout(.rgb, isSixteenBit: true)
        let made = ColourConversion.make(profile: try ColourFixtures.profile(name), source: layout)
        let pixels = try ColourFixtures.pixels(name)
        let converted = made.conversion.converted(bytes(ofSamples: pixels.source.map { UInt16($0) * 257 }))
        #expect(try #require(largestDifference(converted, pixels.expected)) <= 1)
    }

    @Test("A profile that exchanges red and blue exchanges them")
    func swapped() throws {
        let made = ColourConversion.make(profile: try ColourFixtures.profile("swapped"), source: SampleLayout(.rgb))
        let converted = made.conversion.converted([255, 0, 0, 0, 0, 255, 10, 120, 200])
        #expect(try #require(largestDifference(converted, [0, 0, 255, 255, 0, 0, 200, 120, 10])) <= 1)
    }

    @Test("Inverted CMYK comes out as plain CMYK does")
    func invertedWithProfile() throws {
        let profile = try ColourFixtures.profile("cmyk")
        let source = try ColourFixtures.pixels("cmyk").source
        let plain = ColourConversion.make(profile: profile, source: SampleLayout(.cmyk)).conversion
        let inverted = ColourConversion.make(profile: profile, source: SampleLayout(.invertedCMYK)).conversion
        #expect(inverted.converted(source.map { 255 - $0 }) == plain.converted(source))
    }

    @Test(
        "An image that declares sRGB, or nothing, keeps its samples",
        arguments: [ColourSpaceDeclaration.undeclared, .sRGB])
    func nothingToDo(declaration: ColourSpaceDeclaration) {
        let made = ColourConversion.make(
            profile: nil, declaration: declaration, source: SampleLayout(.rgb, hasAlpha: true),
            cache: ColourConversionCache())
        #expect(made.conversion.isIdentity)
        #expect(made.warnings.isEmpty)
        #expect(made.conversion.converted([1, 2, 3, 4, 250, 251, 252, 253]) == [1, 2, 3, 4, 250, 251, 252, 253])
    }

    @Test(
        "A profile that spells sRGB in other words costs nothing",
        arguments: [
            ("srgb-v2", SampleLayout(.rgb)), ("srgb-v4", SampleLayout(.rgb)),
            ("srgb-v4", SampleLayout(.rgb, hasAlpha: true, isSixteenBit: true)), ("gray-srgb", SampleLayout(.gray)),
        ])
    func equivalent(name: String, layout: SampleLayout) throws {
        let made = ColourConversion.make(profile: try ColourFixtures.profile(name), source: layout)
        #expect(made.conversion.isIdentity)
        #expect(made.warnings.isEmpty)
    }

    @Test("Every 16-bit sample is reduced to the nearest of 8 bits")
    func reduces() {
        let samples = (0...65_535).map { UInt16($0) }
        let made = ColourConversion.make(profile: nil, source: SampleLayout(.gray, isSixteenBit: true))
        let expected = samples.map { UInt8((Double($0) / 257).rounded()) }
        #expect(made.conversion.converted(bytes(ofSamples: samples)) == expected)
    }

    @Test(
        "Alpha passes through a profile untouched",
        arguments: [("p3", SampleLayout.Model.rgb), ("gray-gamma18", .gray)], [false, true])
    func alpha(profile: (name: String, model: SampleLayout.Model), isSixteenBit: Bool) throws {
        let layout = SampleLayout(profile.model, hasAlpha: true, isSixteenBit: isSixteenBit)
        let opaque = SampleLayout(profile.model, isSixteenBit: isSixteenBit)
        let data = try ColourFixtures.profile(profile.name)
        let conversion = ColourConversion.make(profile: data, source: layout).conversion
        let withoutAlpha = ColourConversion.make(profile: data, source: opaque).conversion
        #expect(!conversion.isIdentity)
        let colour: [UInt16] = profile.model == .gray ? [0x3A7F] : [0x3A7F, 0xC001, 0x10FE]
        let alphas = isSixteenBit ? (0...65_535).map { UInt16($0) } : (0...255).map { UInt16($0) }
        let samples = alphas.flatMap { (isSixteenBit ? colour : colour.map { $0 >> 8 }) + [$0] }
        func row(_ samples: [UInt16]) -> [UInt8] {
            isSixteenBit ? bytes(ofSamples: samples) : samples.map { UInt8(truncatingIfNeeded: $0) }
        }
        let expectedColour = withoutAlpha.converted(row(isSixteenBit ? colour : colour.map { $0 >> 8 }))
        let expected = alphas.flatMap { alpha in
            expectedColour + [isSixteenBit ? UInt8((Double(alpha) / 257).rounded()) : UInt8(alpha)]
        }
        #expect(conversion.converted(row(samples)) == expected)
    }

    @Test("CMYK without a profile is multiplied out", arguments: [false, true])
    func plainCMYK(isInverted: Bool) {
        let layout = SampleLayout(isInverted ? .invertedCMYK : .cmyk)
        let made = ColourConversion.make(profile: nil, source: layout)
        var random = ColourNoise(seed: 3)
        let inks: [UInt8] = (0..<4_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        var expected: [UInt8] = []
        for x in stride(from: 0, to: inks.count, by: 4) {
            let light = Double(255 - inks[x + 3]) / 255
            for ink in inks[x..<x + 3] { expected.append(UInt8((Double(255 - ink) * light).rounded())) }
        }
        #expect(made.warnings.isEmpty)
        #expect(made.conversion.outputChannels == 3)
        #expect(made.conversion.converted(isInverted ? inks.map { 255 - $0 } : inks) == expected)
    }

    @Test("A declared profile whose bytes are missing is warned about")
    func unreadProfile() {
        let made = ColourConversion.make(
            profile: nil, declaration: .icc(byteCount: 9_000_000), source: SampleLayout(.rgb),
            cache: ColourConversionCache())
        #expect(made.conversion.isIdentity)
        #expect(made.warnings == ["the colour profile could not be read; sRGB is assumed"])
    }

    @Test("Only as many pixels as asked for are written")
    func writesNoFurther() throws {
        let made = ColourConversion.make(profile: try ColourFixtures.profile("p3"), source: SampleLayout(.rgb))
        let row = [UInt8](repeating: 90, count: 30)
        var result = [UInt8](repeating: 0xAA, count: 30)
        var out = result.mutableSpan
        made.conversion.convert(row.span, pixelCount: 3, into: &out)
        #expect(result[9...].allSatisfy { $0 == 0xAA })
        #expect(result[..<9].allSatisfy { $0 != 0xAA })
    }
}
