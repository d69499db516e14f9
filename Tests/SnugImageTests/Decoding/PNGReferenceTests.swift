// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// Random PNGs of every kind, against the samples that they were written from.
@Suite struct PNGReferenceTests {
    private func each(_ kind: Int, _ body: (ReferencePNG, String) throws -> Void) rethrows {
        let (type, depth) = ReferencePNG.kinds[kind]
        for interlaced in [false, true] {
            for transparency in type < 4 ? [false, true] : [false] {
                for seed in UInt64(0)..<6 {
                    var random = SeededGenerator(seed: seed &+ UInt64(kind) << 16)
                    let png = ReferencePNG(
                        (type, depth), interlaced: interlaced, transparency: transparency, &random)
                    try body(png, "type \(type), \(depth) bits, interlaced \(interlaced), seed \(seed)")
                }
            }
        }
    }

    /// Samples of 16 bits as the nearest of 8.
    private func nearest(_ samples: [Int]) -> [UInt8] { samples.map { UInt8(($0 * 255 + 32_767) / 65_535) } }

    @Test("Samples are those of the file, at their own depth and at 8 bits", arguments: ReferencePNG.kinds.indices)
    func decoded(kind: Int) throws {
        try each(kind) { png, name in
            let native = try DecodedPNG(png.bytes, keeps16Bits: true)
            #expect((native.width, native.height) == (png.width, png.height) && native.warnings.isEmpty, "\(name)")
            #expect(native.bits == (png.depth == 16 ? 16 : 8), "\(name)")
            let exact = png.pixels.flatMap { $0 }
            let wide: [UInt8] = exact.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
            let narrow: [UInt8] = exact.map { UInt8($0 / 257) }
            #expect(native.rgba == (png.depth == 16 ? wide : narrow), "\(name)")
            // 16 bits become the nearest of 8.
            let eight = try DecodedPNG(png.bytes).rgba
            #expect(eight == nearest(exact), "\(name)")
        }
    }

    @Test(
        "The header says the same, and the walk and the check find the file whole",
        arguments: ReferencePNG.kinds.indices)
    func header(kind: Int) throws {
        try each(kind) { png, name in
            let header = try probe(png.bytes)
            #expect(
                (header.width, header.height, header.bitsPerSample) == (png.width, png.height, png.depth), "\(name)")
            #expect(header.warnings.isEmpty)
            // A palette whose entries are all opaque after all has no transparency.
            let isOpaque = png.pixels.allSatisfy { $0[3] == 65_535 }
            if header.colourModel.hasAlphaChannel || !isOpaque { #expect(header.hasAlpha, "\(name)") }
            if !png.hasAlpha { #expect(!header.hasAlpha, "\(name)") }
            let source = ImageSource(bytes: png.bytes)
            #expect(try StructureWalk.report(of: source, header: header).trailingByteCount == 0)
            #expect(try PNGDecoder.verify(source).isSound, "\(name)")
        }
    }

    @Test("Through the whole lossless way every pixel stays, whatever the kind", arguments: ReferencePNG.kinds.indices)
    func fitted(kind: Int) async throws {
        let fitter = ImageFitter(configuration: .init(memory: 1 << 28, threads: 1))
        var files: [(ReferencePNG, String)] = []
        each(kind) { files.append(($0, $1)) }
        for (png, name) in files.enumerated().filter({ $0.offset.isMultiple(of: 5) }).map(\.element) {
            var policy = FitPolicy(format: .png)
            policy.maximumScale = 1
            let image = try await fitter.fit(
                ImageSource(bytes: png.bytes + [0]), limits: Limits(byteLimit: png.bytes.count), policy: policy)
            let rgba = try DecodedPNG(image.bytes(of: png.bytes)).rgba
            #expect(rgba == nearest(png.pixels.flatMap { $0 }), "\(name)")
        }
    }

    @Test("Two flipped bits anywhere never pass as sound with other pixels", arguments: ReferencePNG.kinds.indices)
    func damage(kind: Int) throws {
        try each(kind) { png, name in
            var random = SeededGenerator(seed: UInt64(png.bytes.count))
            let pixels = try DecodedPNG(png.bytes).rgba
            for _ in 0..<8 {
                var broken = png.bytes
                for _ in 0..<2 {
                    broken[Int.random(in: 0..<broken.count, using: &random)] ^=
                        1 << UInt8.random(in: 0...7, using: &random)
                }
                guard broken != png.bytes, let found = try? PNGDecoder.verify(ImageSource(bytes: broken)) else {
                    continue
                }
                let isSame = (try? DecodedPNG(broken))?.rgba == pixels
                #expect(isSame || !found.isSound, "\(name)")
            }
        }
    }
}
