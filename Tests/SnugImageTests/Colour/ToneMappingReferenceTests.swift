// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import SnugImage

/// Whole rows against the formulas of BT.2100, BT.2390-10 §5.4.1 and IEC 61966-2-1, spelled out in double precision.
@Suite struct ToneMappingReferenceTests {
    private static let (m1, m2) = (2610.0 / 16_384, 2523.0 / 4_096 * 128)
    private static let (c1, c2, c3) = (3424.0 / 4_096, 2413.0 / 4_096 * 32, 2392.0 / 4_096 * 32)

    /// cd/m² of a PQ signal, and back.
    private static func eotf(_ signal: Double) -> Double {
        let root = pow(signal, 1 / m2)
        return 10_000 * pow(max(root - c1, 0) / (c2 - c3 * root), 1 / m1)
    }
    private static func inverse(_ light: Double) -> Double {
        let power = pow(light / 10_000, m1)
        return pow((c1 + c2 * power) / (1 + c3 * power), m2)
    }

    /// The electro-electrical transfer function from 1,000 to 203 cd/m², black staying black.
    private static func eetf(_ light: Double) -> Double {
        let source = inverse(1_000)
        let e1 = inverse(min(light, 1_000)) / source
        let maxLum = inverse(203) / source
        let ks = 1.5 * maxLum - 0.5
        var e2 = e1
        if e1 >= ks {
            let t = (e1 - ks) / (1 - ks)
            e2 =
                (2 * pow(t, 3) - 3 * pow(t, 2) + 1) * ks + (pow(t, 3) - 2 * pow(t, 2) + t) * (1 - ks)
                + (-2 * pow(t, 3) + 3 * pow(t, 2)) * maxLum
        }
        return eotf(e2 * source)
    }

    private static func sRGB(_ value: Double) -> Double {
        let value = min(max(value, 0), 1)
        return value <= 0.0031308 ? 12.92 * value : 1.055 * pow(value, 1 / 2.4) - 0.055
    }

    /// Scene light of an HLG signal (ARIB STD-B67).
    private static func hlg(_ signal: Double) -> Double {
        let a = 0.17883277
        let (b, c) = (1 - 4 * a, 0.5 - a * log(4 * a))
        return signal <= 0.5 ? signal * signal / 3 : (exp((signal - c) / a) + b) / 12
    }

    /// 16-bit sRGB of a pixel's signals.
    private static func expected(_ signal: [Double], _ curve: ToneMapping.Curve) -> [Double] {
        var light = signal.map { curve == .pq ? eotf($0) : hlg($0) }
        if curve == .hlg {
            let luminance = 0.2627 * light[0] + 0.6780 * light[1] + 0.0593 * light[2]
            light = light.map { luminance > 0 ? 1_000 * $0 * pow(luminance, 0.2) : 0 }
        }
        let most = light.max() ?? 0
        let factor = most > 0 ? eetf(most) / min(most, 1_000) : 1
        return light.map { sRGB($0 * factor / 203) * 65_535 }
    }

    private func converted(_ samples: [UInt16], _ curve: ToneMapping.Curve, channels: Int, hasAlpha: Bool) -> [UInt16] {
        let row = bytes(ofSamples: samples)
        var out = [UInt8](repeating: 0, count: row.count)
        var span = out.mutableSpan
        ToneMapping(curve).convert(
            row.span, isSixteenBit: true, channels: channels, hasAlpha: hasAlpha, into: &span)
        return stride(from: 0, to: out.count, by: 2).map { UInt16(out[$0]) | UInt16(out[$0 + 1]) << 8 }
    }

    @Test(
        "Colours are what the formulas give, to a quarter of a step of 8 bits", arguments: [ToneMapping.Curve.pq, .hlg])
    func colours(curve: ToneMapping.Curve) {
        var random = SeededGenerator(seed: 4)
        let samples = (0..<3 * 3_000).map { index -> UInt16 in
            // Dark pixels, too: their light is spread over few samples of the tables.
            let most: UInt16 = index / 3 % 3 == 0 ? 20_000 : .max
            return .random(in: 0...most, using: &random)
        }
        let found = converted(samples, curve, channels: 3, hasAlpha: false)
        for pixel in 0..<3_000 {
            let signal = (0..<3).map { Double(samples[pixel * 3 + $0]) / 65_535 }
            for (channel, wanted) in Self.expected(signal, curve).enumerated() {
                let value = Double(found[pixel * 3 + channel])
                #expect(abs(value - wanted) < 64, "\(signal) gave \(value), not \(wanted)")
            }
        }
    }

    @Test("A ramp of gray never falls, from black to white", arguments: [ToneMapping.Curve.pq, .hlg])
    func ramp(curve: ToneMapping.Curve) {
        let samples = (0...65_535).map { UInt16($0) }
        let found = converted(samples, curve, channels: 1, hasAlpha: false)
        #expect(found.first == 0 && found.last == 65_535)
        // One step of rounding between the table of factors and that of samples.
        #expect(zip(found, found.dropFirst()).allSatisfy { Int($0) <= Int($1) + 48 })
        for sample in stride(from: 0, through: 65_535, by: 257) {
            let wanted = Self.expected([Double](repeating: Double(sample) / 65_535, count: 3), curve)[0]
            #expect(abs(Double(found[sample]) - wanted) < 64)
        }
    }

    @Test("Eight bits are the same signals as sixteen", arguments: [ToneMapping.Curve.pq, .hlg])
    func eightBits(curve: ToneMapping.Curve) {
        let row = (0...255).map { UInt8($0) }
        var out = [UInt8](repeating: 0, count: 512)
        var span = out.mutableSpan
        ToneMapping(curve).convert(
            row.span, isSixteenBit: false, channels: 1, hasAlpha: false, into: &span)
        let wide = converted((0...255).map { UInt16($0 * 257) }, curve, channels: 1, hasAlpha: false)
        #expect(stride(from: 0, to: 512, by: 2).map { UInt16(out[$0]) | UInt16(out[$0 + 1]) << 8 } == wide)
    }

    @Test("Alpha of 16 bits is kept sample by sample, whatever the colour")
    func alpha() {
        let alphas = stride(from: 0, through: 65_535, by: 97).map { UInt16($0) }
        let samples = alphas.flatMap { [50_000, 3, 60_000, $0] as [UInt16] }
        let found = converted(samples, .hlg, channels: 4, hasAlpha: true)
        #expect(stride(from: 3, to: found.count, by: 4).map { found[$0] } == alphas)
        #expect(Set(stride(from: 0, to: found.count, by: 4).map { found[$0] }).count == 1)
    }

    @Test("The result is described by the source's primaries with sRGB's curve", arguments: [1, 9, 12])
    func profile(primaries: Int) throws {
        let profile = try #require(CodingIndependentColour(primaries: primaries, transfer: 16).decodedProfile)
        #expect(profile == CodingIndependentColour(primaries: primaries, transfer: 13).profile)
        #expect(CodingIndependentColour(primaries: 99, transfer: 16).decodedProfile == nil)
    }
}
