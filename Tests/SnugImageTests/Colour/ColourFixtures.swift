// SPDX-License-Identifier: Apache-2.0
import Foundation

@testable import SnugImage

/// The profiles of `Fixtures/Colour` and what Pillow makes of some pixels with them.
enum ColourFixtures {
    struct Pixels: Decodable {
        let source: [UInt8]
        let expected: [UInt8]
    }

    struct Missing: Error {}

    private static func contents(of file: String) throws -> Data {
        guard let folder = Bundle.module.url(forResource: "Fixtures", withExtension: nil) else { throw Missing() }
        return try Data(contentsOf: folder.appending(path: "Colour").appending(path: file))
    }

    static func profile(_ name: String) throws -> [UInt8] { Array(try contents(of: "\(name).icc")) }

    static func pixels(_ name: String) throws -> Pixels {
        let all = try JSONDecoder().decode([String: Pixels].self, from: contents(of: "expected.json"))
        guard let pixels = all[name] else { throw Missing() }
        return pixels
    }
}

/// Repeatable noise (SplitMix64), so that a failure can be run again.
struct ColourNoise: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension ColourConversion {
    /// A conversion by a profile, with a cache of its own.
    static func make(profile: [UInt8]?, source: SampleLayout) -> (conversion: ColourConversion, warnings: [String]) {
        make(
            profile: profile, declaration: profile.map { .icc(byteCount: $0.count) } ?? .undeclared, source: source,
            cache: ColourConversionCache())
    }

    /// Converts a whole row given as an array.
    func converted(_ row: [UInt8]) -> [UInt8] {
        let count = row.count / layout.bytesPerPixel
        var result = [UInt8](repeating: 0xAA, count: count * outputChannels)
        var out = result.mutableSpan
        convert(row.span, pixelCount: count, into: &out)
        return result
    }
}

/// The bytes of 16-bit samples in the machine's order.
func bytes(ofSamples samples: [UInt16]) -> [UInt8] {
    samples.flatMap { sample in
        let little = [UInt8(truncatingIfNeeded: sample), UInt8(truncatingIfNeeded: sample >> 8)]
        return sample.littleEndian == sample ? little : little.reversed()
    }
}

/// The largest distance between samples; `nil` when their numbers differ.
func largestDifference(_ one: [UInt8], _ other: [UInt8]) -> Int? {
    guard one.count == other.count else { return nil }
    return zip(one, other).map { abs(Int($0) - Int($1)) }.max() ?? 0
}
