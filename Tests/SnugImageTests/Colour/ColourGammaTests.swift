// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import SnugImage

@Suite struct ColourGammaTests {
    static let wide = Chromaticities(
        whiteX: 0.3127, whiteY: 0.3290, redX: 0.68, redY: 0.32, greenX: 0.265, greenY: 0.69, blueX: 0.15, blueY: 0.06)

    private func conversion(
        gamma: Double, _ chromaticities: Chromaticities?, _ layout: SampleLayout
    ) -> (conversion: ColourConversion, warnings: [String]) {
        ColourConversion.make(
            profile: nil, declaration: .gamma(gamma, chromaticities: chromaticities), source: layout,
            cache: ColourConversionCache())
    }

    @Test(
        "gAMA and cHRM give what the formulas give", arguments: [0.45455, 0.5, 1.0, 1 / 1.8, 1 / 2.6], [false, true])
    func matchesFormula(gamma: Double, isSixteenBit: Bool) throws {
        let made = conversion(gamma: gamma, Self.wide, SampleLayout(.rgb, isSixteenBit: isSixteenBit))
        #expect(made.warnings.isEmpty)
        var random = ColourNoise(seed: 11)
        let samples: [UInt16] = (0..<3 * 4_096).map { index in
            // Half of the pixels are dark, where tone curves are steep.
            let sample = UInt16.random(in: 0...65_535, using: &random) >> (index / 3 % 2 == 0 ? 0 : 5)
            return isSixteenBit ? sample : (sample >> 8) * 257
        }
        let row = isSixteenBit ? bytes(ofSamples: samples) : samples.map { UInt8(truncatingIfNeeded: $0 >> 8) }
        let expected = Self.reference(samples, exponent: 1 / gamma, Self.wide)
        #expect(try #require(largestDifference(made.conversion.converted(row), expected)) <= 1)
    }

    @Test("gAMA alone has the primaries of sRGB", arguments: [1.0, 1 / 1.8])
    func gammaAlone(gamma: Double) throws {
        let made = conversion(gamma: gamma, nil, SampleLayout(.rgb))
        let values: [UInt8] = (UInt8(0)...255).flatMap { [$0, 255 - $0, 128] as [UInt8] }
        let expected = values.map { Self.encoded(pow(Double($0) / 255, 1 / gamma)) }
        #expect(try #require(largestDifference(made.conversion.converted(values), expected)) <= 1)
    }

    @Test("gAMA applies to gray, whose primaries do not matter", arguments: [false, true])
    func gray(isSixteenBit: Bool) throws {
        let made = conversion(gamma: 1 / 1.4, Self.wide, SampleLayout(.gray, isSixteenBit: isSixteenBit))
        let samples = (0...255).map { UInt16($0 * 257) }
        let row = isSixteenBit ? bytes(ofSamples: samples) : samples.map { UInt8(truncatingIfNeeded: $0) }
        let expected = samples.map { Self.encoded(pow(Double($0) / 65_535, 1.4)) }
        #expect(try #require(largestDifference(made.conversion.converted(row), expected)) <= 1)
    }

    @Test("The gamma that stands for sRGB is taken for sRGB", arguments: [nil, Chromaticities.sRGB])
    func gammaOfSRGB(chromaticities: Chromaticities?) {
        #expect(conversion(gamma: 0.45455, chromaticities, SampleLayout(.rgb)).conversion.isIdentity)
    }

    @Test("Senseless numbers are not used, and a warning says so", arguments: senselessNumbers)
    func senseless(gamma: Double, chromaticities: Chromaticities) throws {
        let made = conversion(gamma: gamma, chromaticities, SampleLayout(.rgb))
        #expect(made.conversion.isIdentity)
        #expect(made.warnings.count == 1)
        #expect(try #require(made.warnings.first).hasSuffix("sRGB is assumed"))
    }

    static var senselessNumbers: [(Double, Chromaticities)] {
        var black = wide
        black.whiteY = 0
        var line = wide
        (line.redX, line.redY) = (line.greenX, line.greenY)
        var wild = wide
        wild.blueX = 21_474
        var nothing = wide
        nothing.greenY = .nan
        return [
            (0, wide), (-1, wide), (.nan, wide), (.infinity, wide), (42_949, wide), (0.5, black), (0.5, line),
            (0.5, wild), (0.5, nothing),
        ]
    }

    // MARK: - The reference, in doubles

    /// sRGB's encoding (IEC 61966-2-1) of light, in 8 bits.
    private static func encoded(_ light: Double) -> UInt8 {
        let clipped = min(max(light, 0), 1)
        let value = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * pow(clipped, 1 / 2.4) - 0.055
        return UInt8((value * 255).rounded())
    }

    /// RGB of one set of primaries to sRGB by way of XYZ; both whites are D65, so nothing needs adapting.
    private static func reference(_ samples: [UInt16], exponent: Double, _ primaries: Chromaticities) -> [UInt8] {
        let toXYZ = matrix(of: primaries)
        let toSRGB = inverse(matrix(of: .sRGB))
        return stride(from: 0, to: samples.count, by: 3).flatMap { x -> [UInt8] in
            let light = (0..<3).map { pow(Double(samples[x + $0]) / 65_535, exponent) }
            return apply(toSRGB, to: apply(toXYZ, to: light)).map(encoded)
        }
    }

    private static func matrix(of c: Chromaticities) -> [[Double]] {
        func xyz(_ x: Double, _ y: Double) -> [Double] { [x / y, 1, (1 - x - y) / y] }
        let columns = [xyz(c.redX, c.redY), xyz(c.greenX, c.greenY), xyz(c.blueX, c.blueY)]
        let plain = (0..<3).map { row in columns.map { $0[row] } }
        let scale = apply(inverse(plain), to: xyz(c.whiteX, c.whiteY))
        return plain.map { row in (0..<3).map { row[$0] * scale[$0] } }
    }

    private static func apply(_ m: [[Double]], to v: [Double]) -> [Double] {
        m.map { $0[0] * v[0] + $0[1] * v[1] + $0[2] * v[2] }
    }

    private static func inverse(_ m: [[Double]]) -> [[Double]] {
        func minor(_ r: Int, _ c: Int) -> Double {
            m[(r + 1) % 3][(c + 1) % 3] * m[(r + 2) % 3][(c + 2) % 3] - m[(r + 1) % 3][(c + 2) % 3]
                * m[(r + 2) % 3][(c + 1) % 3]
        }
        let determinant = (0..<3).reduce(0) { $0 + m[0][$1] * minor(0, $1) }
        return (0..<3).map { row in (0..<3).map { minor($0, row) / determinant } }
    }
}
