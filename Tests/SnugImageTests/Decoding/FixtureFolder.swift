// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem

@testable import SnugImage

/// A folder of `Fixtures` with files and the pixels that others read from them.
struct FixtureFolder {
    struct Missing: Error {}

    let name: String

    static let gif = FixtureFolder(name: "GIF")
    static let bmp = FixtureFolder(name: "BMP")

    /// The bytes of a file.
    func bytes(_ file: String) throws -> [UInt8] {
        guard let folder = Bundle.module.url(forResource: "Fixtures", withExtension: nil) else { throw Missing() }
        return Array(try Data(contentsOf: folder.appending(path: name).appending(path: file)))
    }

    /// Decodes a file to interleaved samples as stored.
    static func decoded(
        _ bytes: [UInt8], policy: FitPolicy = FitPolicy()
    ) throws -> (samples: [UInt8], channels: Int, report: DecodeReport) {
        let source = ImageSource(bytes: bytes)
        let reader = ImageReader(
            source: source, header: try ImageProbe.header(of: source), policy: policy, memory: 1 << 30,
            cache: ColourConversionCache(), cancellation: CancellationFlag())
        let supply = try PixelSupply.holding(reader, demand: PixelDemand(isPlanar: false))
        guard let plane = supply.heldRaster?.planes.first else { throw Missing() }
        let samples = (0..<plane.height).flatMap { y in plane.row(y).indices.map { plane.row(y)[$0] } }
        return (samples, plane.channels, supply.report)
    }

    /// The greatest difference of what shows: behind full transparency the colour may be any. Opaque RGB equals RGBA.
    static func difference(_ found: [UInt8], _ channels: Int, _ expected: [UInt8], expectedChannels: Int) -> Int {
        guard found.count / channels == expected.count / expectedChannels else { return 256 }
        var greatest = 0
        for pixel in 0..<found.count / channels {
            let (a, b) = (pixel * channels, pixel * expectedChannels)
            let alphas = (channels == 4 ? found[a + 3] : 255, expectedChannels == 4 ? expected[b + 3] : 255)
            greatest = max(greatest, abs(Int(alphas.0) - Int(alphas.1)))
            guard alphas != (0, 0) else { continue }
            for channel in 0..<3 {
                greatest = max(greatest, abs(Int(found[a + channel]) - Int(expected[b + channel])))
            }
        }
        return greatest
    }
}
