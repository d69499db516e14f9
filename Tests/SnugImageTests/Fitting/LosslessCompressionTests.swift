// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import SnugImage

/// Files made smaller without changing a pixel, and nothing else.
@Suite struct LosslessCompressionTests {
    private let fitter = ImageFitter(configuration: .init(memory: 1 << 28, threads: 1))

    private func compress(
        _ bytes: [UInt8], limit: Int = 1 << 24, _ change: (inout FitPolicy) -> Void = { _ in }
    ) async throws -> FittedImage {
        var policy = FitPolicy()
        policy.isLossless = true
        change(&policy)
        return try await fitter.fit(ImageSource(bytes: bytes), limits: Limits(byteLimit: limit), policy: policy)
    }

    private func fixture(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.resourceURL).appending(path: "Fixtures")
        return [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    @Test(
        "A JPEG of any coding keeps every coefficient and never grows",
        arguments: [
            "420", "422", "440", "411", "444", "gray", "rgb", "progressive", "restart", "separate-scans", "cmyk",
        ])
    func jpegs(name: String) async throws {
        let input = try fixture("JPEG/\(name).jpg")
        let image = try await compress(input)
        let output = image.bytes(of: input)
        #expect(output.count <= input.count && image.byteCount == output.count && image.quality == nil)
        #expect(JPEGReference.coefficients(of: output) == JPEGReference.coefficients(of: input))
        let (before, after) = (try probe(input), try probe(output))
        #expect(after.colourModel == before.colourModel && after.chromaSubsampling == before.chromaSubsampling)
        #expect(DrawnImage.difference(try DrawnImage.decoded(output), try DrawnImage.decoded(input)) == 0)
    }

    @Test("A PNG of any colour type and depth keeps every sample and never grows", arguments: PNGTestFile.names)
    func pngs(name: String) async throws {
        let input = try PNGTestFile.fixture("\(name).png")
        let image = try await compress(input)
        let output = image.bytes(of: input)
        #expect(output.count <= input.count && image.byteCount == output.count && image.format == .png)
        let (before, after) = (
            try DecodedPNG(input, keeps16Bits: true), try DecodedPNG(output, keeps16Bits: true)
        )
        #expect(after.bits == before.bits)
        #expect(after.rgba == before.rgba)
    }

    @Test("A baseline JPEG of more than a megapixel becomes smaller, too", arguments: [false, true])
    func large(subsamples: Bool) async throws {
        let scene = DrawnImage.scene(width: 1300, height: 900, grain: 8)
        let input = try DrawnImage.jpeg(scene, quality: 92, subsamples: subsamples)
        let image = try await compress(input)
        let output = image.bytes(of: input)
        #expect(image.status == .fitted && output.count < input.count)
        #expect(JPEGReference.coefficients(of: output) == JPEGReference.coefficients(of: input))
    }

    @Test("What a plainer encoder wrote becomes smaller, each format in its own way")
    func smaller() async throws {
        let png = try DrawnImage.png(DrawnImage.screen(width: 90, height: 60), options: PNGEncoderOptions(level: 0))
        let packed = try await compress(png)
        #expect(packed.byteCount < png.count / 10 && packed.status == .fitted && packed.encodes == 1)
        let jpeg = try DrawnImage.jpeg(DrawnImage.scene(width: 200, height: 150, grain: 10), quality: 90)
        let progressive = try await compress(jpeg)
        #expect(progressive.byteCount < jpeg.count && progressive.status == .fitted)
        #expect(progressive.warnings.contains("losslessly recompressed: every pixel is the same"))
    }

    @Test("A second time the file does not grow")
    func twice() async throws {
        for input in [
            try DrawnImage.jpeg(DrawnImage.scene(width: 200, height: 150)),
            try DrawnImage.png(DrawnImage.scene(width: 60, height: 40)),
        ] {
            let once = try await compress(input).bytes(of: input)
            let twice = try await compress(once)
            #expect(twice.byteCount <= once.count)
        }
    }

    @Test("A saving smaller than asked for is not worth another file")
    func minimumSaving() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 200, height: 150, grain: 10), quality: 90)
        let saving = 1 - Double(try await compress(input).byteCount) / Double(input.count)
        #expect(saving > 0.005)
        #expect(try await compress(input) { $0.minimumSaving = saving * 1.05 }.status == .copied)
        #expect(try await compress(input) { $0.minimumSaving = saving * 0.95 }.status == .fitted)
    }

    @Test("Positions go though the saving is not worth another file, unless all metadata is kept")
    func minimumSavingStrips() async throws {
        let input = try DrawnImage.jpeg(
            DrawnImage.scene(width: 64, height: 48),
            segments: [MetadataSegment(marker: 0xE1, payload: Array("Exif\0\0".utf8) + EXIFDraft.camera(1).bytes)])
        let stripped = try await compress(input) { $0.minimumSaving = 1 }
        #expect(stripped.status == .stripped)
        let output = stripped.bytes(of: input)
        #expect(!String(decoding: output, as: UTF8.self).contains(EXIFDraft.gps))
        #expect(JPEGReference.coefficients(of: output) == JPEGReference.coefficients(of: input))
        #expect(try await compress(output) { $0.minimumSaving = 1 }.status == .copied)
        #expect(try await compress(input) { ($0.minimumSaving, $0.metadata) = (1, .keep) }.status == .copied)
    }

    @Test("Over the limit a small saving counts too, and one that is not enough is an error")
    func limits() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 200, height: 150, grain: 10), quality: 90)
        let size = try await compress(input).byteCount
        #expect(try await compress(input, limit: size) { $0.minimumSaving = 0.9 }.byteCount == size)
        await #expect { try await compress(input, limit: size - 1) } throws: {
            let error = $0 as? ImageError
            return error?.code == .cannotFit && error?.details["smallest_bytes"] == .integer(size)
        }
    }

    @Test("Metadata goes or stays as asked, and the orientation stays without turning a pixel")
    func metadata() async throws {
        let input = try DrawnImage.jpeg(
            DrawnImage.scene(width: 64, height: 48),
            segments: [
                MetadataSegment(marker: 0xE1, payload: Array("Exif\0\0".utf8) + EXIFDraft.camera(6).bytes),
                MetadataSegment(marker: 0xFE, payload: Array("a comment".utf8)),
            ])
        for metadata in [FitPolicy.Metadata.strip, .keep] {
            let output = try await compress(input) { $0.metadata = metadata }.bytes(of: input)
            let header = try probe(output)
            #expect(header.orientation == .rotated90 && header.width == 64)
            #expect((header.metadata.comments > 0) == (metadata == .keep))
            let text = String(decoding: output, as: UTF8.self)
            #expect(text.contains(EXIFDraft.gps) == (metadata == .keep))
            #expect(JPEGReference.coefficients(of: output) == JPEGReference.coefficients(of: input))
        }
    }

    @Test(
        "Where a baseline JPEG is asked for, one of any coding becomes one with the same coefficients",
        arguments: ["420", "progressive", "arithmetic", "separate-scans", "cmyk"])
    func baseline(name: String) async throws {
        let input = try fixture("JPEG/\(name).jpg")
        let image = try await compress(input) { $0.isBaseline = true }
        let output = image.bytes(of: input)
        #expect(try probe(output).jpegProcess == .baseline)
        #expect(JPEGReference.coefficients(of: output) == JPEGReference.coefficients(of: input))
        #expect(try await compress(output) { $0.isBaseline = true }.status == .copied)
        // It is larger than a progressive one, and within the limit all the same.
        guard try probe(input).needsBaseline else { return }
        #expect(image.status == .fitted)
        await #expect { try await compress(input, limit: output.count - 1) { $0.isBaseline = true } } throws: {
            ($0 as? ImageError)?.details["smallest_bytes"] == .integer(output.count)
        }
    }

    /// A code for one symbol.
    private static let one = HuffmanTable(counts: [0, 1] + [UInt8](repeating: 0, count: 14), symbols: [3])

    @Test("A baseline JPEG with plain tables becomes smaller as one, with tables of its own")
    func plainTables() async throws {
        let scene = DrawnImage.scene(width: 200, height: 150, grain: 10)
        let tables = HuffmanTables(
            lumaDC: HuffmanTable.complete(sampled: Self.one, isDC: true),
            lumaAC: HuffmanTable.complete(sampled: Self.one, isDC: false),
            chromaDC: HuffmanTable.complete(sampled: Self.one, isDC: true),
            chromaAC: HuffmanTable.complete(sampled: Self.one, isDC: false))
        let input = try DrawnImage.jpeg(scene, quality: 90, coding: .sequential(tables))
        let output = try await compress(input) { $0.isBaseline = true }.bytes(of: input)
        #expect(output.count < input.count)
        #expect(try probe(output).jpegProcess == .baseline)
        #expect(JPEGReference.coefficients(of: output) == JPEGReference.coefficients(of: input))
    }

    @Test("What changes pixels is refused with its reason, what is broken with its own")
    func refused() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 100, height: 80))
        await #expect {
            try await compress(input) { $0.maximumScale = 0.5 }
        } throws: { ($0 as? ImageError)?.message.contains("only lossless changes were asked for") == true }
        await #expect { try await compress(input) { $0.format = .png } } throws: {
            ($0 as? ImageError)?.code == .cannotFit
        }
        await #expect { try await compress(Array(input.dropLast(200))) } throws: {
            ($0 as? ImageError)?.code == .truncatedInput
        }
    }
}
