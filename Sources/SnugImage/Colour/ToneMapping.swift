// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Brings high dynamic range (PQ and HLG, ITU-R BT.2100) to the range of sRGB.
///
/// The method is the EETF of ITU-R BT.2390-10 §5.4, applied to the largest of red, green and blue so that hues stay, from
/// 1,000 cd/m² down to the reference white of ITU-R BT.2408, 203 cd/m². The primaries stay as they are;
/// ``CodingIndependentColour/decodedProfile`` describes the result.
struct ToneMapping: Sendable {
    enum Curve: Sendable, Hashable {
        /// SMPTE ST 2084.
        case pq
        /// ARIB STD-B67, shown at 1,000 cd/m² with a system gamma of 1.2.
        case hlg

        /// - Parameter transfer: A code point of H.273; `nil` for curves of standard range.
        init?(transfer: Int) {
            switch transfer {
            case 16: self = .pq
            case 18: self = .hlg
            default: return nil
            }
        }
    }

    /// Light of the brightest sample that is kept apart from others, in cd/m².
    static let peak = 1000.0
    /// Light of white, in cd/m².
    static let white = 203.0
    private static let steps = 16_384

    private let curve: Curve
    /// Light of each 16-bit sample; for HLG of the scene, from 0 to 1.
    private let light: [Float]
    /// The factor for each light up to the peak.
    private let factors: [Float]
    /// 16-bit sRGB samples for light from 0 to white.
    private let samples: [UInt16]

    init(_ curve: Curve) {
        self.curve = curve
        light = (0...65_535).map { sample in
            let value = Double(sample) / 65_535
            return Float(curve == .pq ? Self.pqLight(value) : Self.hlgSceneLight(value))
        }
        factors = (0...Self.steps).map { step in
            let light = Self.peak * Double(step) / Double(Self.steps)
            return light > 0 ? Float(Self.toneMapped(light) / light) : 1
        }
        samples = (0...65_535).map { step in
            let value = Double(step) / 65_535
            let encoded = value <= 0.0031308 ? 12.92 * value : 1.055 * pow(value, 1 / 2.4) - 0.055
            return UInt16((encoded * 65_535).rounded())
        }
    }

    /// Converts a row; alpha stays as it is. The result has 16 bits.
    func convert(
        _ row: Span<UInt8>, isSixteenBit: Bool, channels: Int, hasAlpha: Bool, into out: inout MutableSpan<UInt8>
    ) {
        let colours = hasAlpha ? channels - 1 : channels
        for pixel in 0..<(row.count / channels / (isSixteenBit ? 2 : 1)) {
            let first = pixel * channels
            let red = Self.sample(row, first, isSixteenBit)
            if colours == 3 {
                let green = Self.sample(row, first + 1, isSixteenBit)
                let blue = Self.sample(row, first + 2, isSixteenBit)
                let mapped = map(light[red], light[green], light[blue])
                Self.store(sRGB(mapped.red), first, &out)
                Self.store(sRGB(mapped.green), first + 1, &out)
                Self.store(sRGB(mapped.blue), first + 2, &out)
            } else {
                Self.store(sRGB(map(light[red], light[red], light[red]).red), first, &out)
            }
            if hasAlpha {
                Self.store(UInt16(Self.sample(row, first + channels - 1, isSixteenBit)), first + channels - 1, &out)
            }
        }
    }

    /// Light of the display, in cd/m², brought down.
    private func map(_ red: Float, _ green: Float, _ blue: Float) -> (red: Float, green: Float, blue: Float) {
        var (red, green, blue) = (red, green, blue)
        if curve == .hlg {
            // BT.2100 table 5: the system gamma works on the scene's luminance.
            let luminance = 0.2627 * red + 0.6780 * green + 0.0593 * blue
            let factor = luminance > 0 ? Float(Self.peak) * powf(luminance, 0.2) : 0
            (red, green, blue) = (red * factor, green * factor, blue * factor)
        }
        let most = min(max(red, green, blue), Float(Self.peak))
        let factor = factors[Int(most / Float(Self.peak) * Float(Self.steps))]
        return (red * factor, green * factor, blue * factor)
    }

    private func sRGB(_ light: Float) -> UInt16 {
        samples[Int(min(max(light / Float(Self.white), 0), 1) * 65_535 + 0.5)]
    }

    private static func sample(_ row: Span<UInt8>, _ index: Int, _ isSixteenBit: Bool) -> Int {
        guard isSixteenBit else { return Int(row[index]) * 257 }
        return Int(UInt16(littleEndian: UInt16(row[index * 2]) | UInt16(row[index * 2 + 1]) << 8))
    }

    private static func store(_ value: UInt16, _ index: Int, _ out: inout MutableSpan<UInt8>) {
        out[index * 2] = UInt8(truncatingIfNeeded: value)
        out[index * 2 + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }
}

extension ToneMapping {
    /// BT.2100 table 4, in cd/m².
    static func pqLight(_ value: Double) -> Double {
        let root = pow(value, 1 / 78.84375)
        return 10_000 * pow(max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root), 1 / 0.1593017578125)
    }

    /// Its inverse.
    static func pqValue(_ light: Double) -> Double {
        let power = pow(light / 10_000, 0.1593017578125)
        return pow((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power), 78.84375)
    }

    /// BT.2100 table 5, from 0 to 1.
    static func hlgSceneLight(_ value: Double) -> Double {
        value <= 0.5 ? value * value / 3 : (exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
    }

    /// BT.2390-10 §5.4.1, with a black level of zero.
    static func toneMapped(_ light: Double) -> Double {
        let top = pqValue(peak)
        let most = pqValue(white) / top
        let knee = 1.5 * most - 0.5
        let value = pqValue(min(light, peak)) / top
        guard value > knee else { return light }
        let t = (value - knee) / (1 - knee)
        let (t2, t3) = (t * t, t * t * t)
        let bent = (2 * t3 - 3 * t2 + 1) * knee + (t3 - 2 * t2 + t) * (1 - knee) + (-2 * t3 + 3 * t2) * most
        return pqLight(bent * top)
    }
}
