// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import SnugImage

/// Profiles made for named colour spaces, read back tag by tag, against matrices and curves by NumPy and by H.273.
@Suite struct MatrixProfileTests {
    /// Red, green and blue in XYZ, adapted to D50 by Bradford's method, row by row: NumPy's figures for the
    /// chromaticities of H.273 table 2. Those of sRGB, PAL and SMPTE-C are Lindbloom's to four digits.
    private static let matrices: [(primaries: Int, rows: [[Double]])] = [
        (1, [[0.43604, 0.38511, 0.14305], [0.22248, 0.71691, 0.06061], [0.01392, 0.09707, 0.71391]]),
        (5, [[0.45525, 0.36760, 0.14136], [0.23228, 0.70782, 0.05990], [0.01453, 0.10487, 0.70549]]),
        (6, [[0.41629, 0.39320, 0.15471], [0.22168, 0.70328, 0.07504], [0.01365, 0.09133, 0.71993]]),
        (7, [[0.41629, 0.39320, 0.15471], [0.22168, 0.70328, 0.07504], [0.01365, 0.09133, 0.71993]]),
        (9, [[0.67348, 0.16567, 0.12505], [0.27904, 0.67534, 0.04561], [-0.00193, 0.02998, 0.79685]]),
        (11, [[0.48616, 0.32385, 0.15419], [0.22668, 0.71033, 0.06298], [-0.00080, 0.04324, 0.78247]]),
        (12, [[0.51512, 0.29198, 0.15710], [0.24119, 0.69224, 0.06657], [-0.00105, 0.04188, 0.78407]]),
    ]

    private func tag(_ name: String, in profile: [UInt8]) -> [UInt8]? {
        let view = ByteView(profile)
        for index in 0..<(view.u32(at: 128) ?? 0) {
            let entry = 132 + 12 * index
            guard view.latin1(at: entry, limit: 4) == name, let place = view.u32(at: entry + 4),
                let count = view.u32(at: entry + 8)
            else { continue }
            return view.slice(at: place, count: count)
        }
        return nil
    }

    private func fixed(_ bytes: [UInt8], at offset: Int) -> Double {
        Double(Int32(truncatingIfNeeded: ByteView(bytes).u32(at: offset) ?? 0)) / 65_536
    }

    private func made(_ primaries: Int, _ transfer: Int) -> [UInt8]? {
        CodingIndependentColour(primaries: primaries, transfer: transfer).profile
    }

    @Test("Primaries are those of the standard, adapted to the profile's white", arguments: matrices.indices)
    func primaries(index: Int) throws {
        let (primaries, rows) = Self.matrices[index]
        let profile = try #require(made(primaries, 13))
        var sums = [0.0, 0, 0]
        for (column, name) in ["rXYZ", "gXYZ", "bXYZ"].enumerated() {
            let element = try #require(tag(name, in: profile))
            #expect(ByteView(element).has("XYZ "))
            for row in 0..<3 {
                let value = fixed(element, at: 8 + 4 * row)
                #expect(abs(value - rows[row][column]) < 3e-5, "\(name) \(row): \(value)")
                sums[row] += value
            }
        }
        // All three together are white.
        for (sum, white) in zip(sums, [0.9642, 1, 0.8249]) { #expect(abs(sum - white) < 1e-4) }
    }

    @Test("A profile has the frame that ICC.1 asks for, and is sound by its own checks")
    func frame() throws {
        let profile = try #require(made(9, 1))
        let view = ByteView(profile)
        #expect(view.u32(at: 0) == profile.count && profile.count.isMultiple(of: 4))
        #expect(view.has("mntr", at: 12) && view.has("RGB ", at: 16) && view.has("XYZ ", at: 20))
        #expect(view.has("acsp", at: 36) && view.u8(at: 8) == 4)
        for (index, value) in [0.9642, 1, 0.8249].enumerated() {
            #expect(abs(fixed(profile, at: 68 + 4 * index) - value) < 1e-4)
        }
        #expect(throws: Never.self) {
            try CheckedICCProfile(checking: profile, for: .rgb, maximumByteCount: 1 << 20)
        }
    }

    /// Light of a signal by H.273 table 3.
    private static func light(_ signal: Double, transfer: Int) -> Double {
        switch transfer {
        case 1, 6, 14, 15: signal < 0.081 ? signal / 4.5 : pow((signal + 0.099) / 1.099, 1 / 0.45)
        case 4: pow(signal, 2.2)
        case 5: pow(signal, 2.8)
        case 8: signal
        default: signal <= 0.04045 ? signal / 12.92 : pow((signal + 0.055) / 1.055, 2.4)
        }
    }

    @Test("Signals become the light that H.273 says, at every sample", arguments: [1, 4, 5, 6, 8, 13, 14, 15])
    func curves(transfer: Int) throws {
        let named = CodingIndependentColour(primaries: 1, transfer: transfer)
        let conversion = ColourConversion.make(
            profile: nil, declaration: .codePoints(named), source: SampleLayout(.rgb), cache: ColourConversionCache()
        ).conversion
        let ramp = (0...255).flatMap { [UInt8($0), UInt8($0), UInt8($0)] }
        let found = conversion.converted(ramp)
        for sample in 0...255 {
            let light = Self.light(Double(sample) / 255, transfer: transfer)
            let encoded = light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055
            for channel in 0..<3 {
                #expect(abs(Double(found[sample * 3 + channel]) - encoded * 255) <= 1.01, "\(sample)")
            }
        }
    }

    @Test("Code points without a meaning for standard range have no profile")
    func unknown() {
        for transfer in [0, 2, 3, 7, 9, 10, 11, 12, 16, 17, 18, 99] { #expect(made(1, transfer) == nil) }
        for primaries in [0, 2, 3, 10, 13, 21, 23, 99] { #expect(made(primaries, 13) == nil) }
    }
}
