// SPDX-License-Identifier: Apache-2.0
import CJPEG
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// Decoding at an eighth, a quarter and a half, against the transform by its definition.
@Suite struct ScaledDecodingTests {
    /// The planes of a file at a reduced size.
    private func planes(_ bytes: [UInt8], eighths: Int) throws -> [JPEGReference.Plane] {
        var decoder = try JPEGDecoder.open(
            ImageSource(bytes: bytes), limits: DecodingLimits(), memory: 1 << 28, cancellation: CancellationFlag())
        try decoder.start(output: .planar, eighths: eighths)
        var planes = decoder.components.map { JPEGReference.Plane(width: $0.width, height: $0.height, samples: []) }
        while planes[0].samples.count < planes[0].width * planes[0].height {
            try decoder.readBand()
            for (index, component) in decoder.components.enumerated() {
                for row in 0..<component.bandRows
                where planes[index].samples.count < component.width * component.height {
                    let band = decoder.bandRow(component: index, row: row)
                    planes[index].samples += band.indices.map { band[$0] }
                }
            }
        }
        return planes
    }

    /// A component's samples by definition, before they are clamped: the transform of each block, averaged over squares.
    private func expected(_ held: HeldCoefficients, component: Int, side: Int) throws -> [[Double]] {
        let shape = held.layout.components[component]
        let steps = ReferenceTransform.natural(try #require(held.steps)[component]).map(Double.init)
        let all = try held.naturalCoefficients()
        let before = held.layout.components[..<component].reduce(0) { $0 + $1.blocksAcross * $1.blocksDown * 64 }
        var rows = [[Double]](
            repeating: [Double](repeating: 0, count: shape.blocksAcross * side), count: shape.blocksDown * side)
        for down in 0..<shape.blocksDown {
            for across in 0..<shape.blocksAcross {
                let start = before + (down * shape.blocksAcross + across) * 64
                let block = ReferenceTransform.inverse((0..<64).map { Double(all[start + $0]) * steps[$0] })
                let square = 8 / side
                for y in 0..<side {
                    for x in 0..<side {
                        var sum = 0.0
                        for dy in 0..<square {
                            for dx in 0..<square { sum += block[(y * square + dy) * 8 + x * square + dx] }
                        }
                        rows[down * side + y][across * side + x] = sum / Double(square * square) + 128
                    }
                }
            }
        }
        return rows
    }

    @Test("Luma at a reduced size is the mean of what it would be at full size", arguments: [1, 2, 4, 8])
    func luma(eighths: Int) throws {
        let sampling = [[(1, 1)], [(1, 1), (1, 1), (1, 1)], [(2, 2), (1, 1), (1, 1)]]
        for (seed, sampling) in sampling.enumerated() {
            let layout = BlockLayout(width: 48, height: 32, sampling: sampling)
            // Small coefficients: nothing is clamped on the way, so that means of samples are means of numbers.
            let steps = layout.components.map { _ in [UInt16](repeating: 3, count: 64) }
            var random = SeededGenerator(seed: UInt64(seed))
            let held = HeldCoefficients(layout, steps: steps) { _, _, place in
                Int.random(in: -(place == 0 ? 60 : 4)...(place == 0 ? 60 : 4), using: &random)
            }
            let planes = try planes(try held.file(isProgressive: false), eighths: eighths)
            let wanted = try expected(held, component: 0, side: eighths)
            #expect((planes[0].width, planes[0].height) == (48 * eighths / 8, 32 * eighths / 8))
            for y in 0..<planes[0].height {
                for x in 0..<planes[0].width {
                    let sample = Double(planes[0].samples[y * planes[0].width + x])
                    #expect(abs(sample - min(max(wanted[y][x], 0), 255)) <= 1.01, "\(x), \(y)")
                }
            }
        }
    }

    @Test("At full size every component of every sampling is the transform of its blocks", arguments: sampleLayouts)
    func fullSize(layout: BlockLayout) throws {
        let held = HeldCoefficients.random(layout, seed: 12, density: 0.05)
        for isProgressive in [false, true] {
            let planes = try planes(try held.file(isProgressive: isProgressive), eighths: 8)
            for (component, plane) in planes.enumerated() {
                let wanted = try expected(held, component: component, side: 8)
                for y in 0..<plane.height {
                    for x in 0..<plane.width {
                        let sample = Double(plane.samples[y * plane.width + x])
                        #expect(abs(sample - min(max(wanted[y][x], 0), 255)) <= 1.01, "\(component): \(x), \(y)")
                    }
                }
            }
        }
    }

    @Test("Sides at a reduced size are rounded up, those of chroma by its own share", arguments: [1, 2, 4, 8])
    func sides(eighths: Int) throws {
        for layout in sampleLayouts {
            let held = HeldCoefficients.random(layout, seed: 2)
            let planes = try planes(try held.file(isProgressive: true), eighths: eighths)
            #expect(planes[0].width == (layout.width * eighths + 7) / 8)
            #expect(planes[0].height == (layout.height * eighths + 7) / 8)
            for plane in planes.dropFirst() {
                // Chroma may be decoded at a larger share, up to luma's own resolution.
                #expect((1...planes[0].width).contains(plane.width) && (1...planes[0].height).contains(plane.height))
            }
        }
    }

    @Test("Each failure of the library has its code, its remedy and the library's words")
    func failures() {
        let cases: [(error: ImageError, code: ImageError.Code, settings: [ImageError.Setting])] = [
            (JPEGDecoder.error(.unsupported, message: "words", endedEarly: false), .unsupportedFeature, []),
            (JPEGDecoder.error(.outOfMemory, message: "words", endedEarly: false), .memoryExceeded, [.memory]),
            (
                JPEGDecoder.error(.tooMuchWork, message: "words", endedEarly: false), .limitExceeded,
                [.inputScans, .inputScanWork]
            ),
            (JPEGDecoder.error(.readFailed, message: "words", endedEarly: false), .ioFailed, []),
            (JPEGDecoder.error(.misuse, message: "words", endedEarly: false), .codecFailed, []),
            (JPEGDecoder.error(.corrupt, message: "words", endedEarly: false), .corruptInput, []),
            (JPEGDecoder.error(.corrupt, message: "words", endedEarly: true), .truncatedInput, []),
        ]
        for (error, code, settings) in cases {
            #expect(error.code == code && error.settings == settings && error.message.contains("words"))
            for setting in settings { #expect(error.message.contains(setting.remedy)) }
        }
    }
}
