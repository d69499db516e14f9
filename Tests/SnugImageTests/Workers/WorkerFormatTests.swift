// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugImage

/// Every kind of file that workers decode, against pixels of other implementations
/// (`Fixtures/make-worker-fixtures.py`), through the whole of a fit.
@Suite struct WorkerFormatTests {
    /// Files whose coding loses nothing; others may differ a little.
    private static let exact = [
        "associated.tif", "big-endian.tif", "big.tif", "boxed.jxl", "cmyk.tif", "deep.avif", "deep.jxl", "float.tif",
        "gray.avif", "gray.jxl", "gray10.tif", "gray12.tif", "gray14.tif", "gray16.tif", "gray2.tif", "gray4.tif",
        "group3.tif", "group4.tif", "packbits.tif", "pages.tif", "plain.jxl", "planar-tiled.tif", "planar.tif",
        "raw.tif", "rgb12.tif", "rgb16.tif", "straight.tif", "tiff_adobe_deflate.tif", "tiff_lzw.tif", "tiled.tif",
    ]

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: WorkerFile.folder.string)) ?? []
        return files.filter { !$0.hasSuffix(".png") }.sorted()
    }()

    /// One fitter, so that all files go through the same workers.
    private static let fitter = Result {
        ImageFitter(
            configuration: ImageFitter.Configuration(
                memory: 1 << 30, threads: 2, decoderWorker: try WorkerFixture.worker()))
    }

    private struct Pixels {
        var width: Int
        var height: Int
        var rgba: [[UInt8]] = []

        init(png: [UInt8]) throws {
            var decoder = try PNGDecoder(source: ImageSource(bytes: png))
            (width, height) = (decoder.width, decoder.height)
            var row = [UInt8](repeating: 0, count: decoder.rowByteCount)
            for _ in 0..<decoder.height {
                var span = row.mutableSpan
                try decoder.readRow(into: &span)
                for x in 0..<decoder.width {
                    let pixel = Array(row[(x * decoder.channels)..<((x + 1) * decoder.channels)])
                    rgba.append(Self.rgba(pixel))
                }
            }
        }

        private static func rgba(_ pixel: [UInt8]) -> [UInt8] {
            switch pixel.count {
            case 1: [pixel[0], pixel[0], pixel[0], 255]
            case 2: [pixel[0], pixel[0], pixel[0], pixel[1]]
            case 3: pixel + [255]
            default: pixel
            }
        }
    }

    /// The pixels of a file, fitted to PNG.
    private func fitted(_ file: [UInt8]) async throws -> Pixels {
        let image = try await Self.fitter.get().fit(ImageSource(bytes: file), policy: FitPolicy(format: .png))
        return try Pixels(png: image.bytes(of: file))
    }

    @Test("Tiles of a grid stand in the order in which it refers to them, not in that of their numbers")
    func gridOrder() async throws {
        var file = try WorkerFile.bytes("grid.avif")
        let reference = try #require(file.firstRange(of: Array("dimg".utf8)))
        // From, count, and two items of 16 bits each (ISO/IEC 14496-12 §8.11.12).
        file.swapAt(reference.upperBound + 5, reference.upperBound + 7)
        let (found, plain) = (try await fitted(file), try await fitted(WorkerFile.bytes("grid.avif")))
        #expect(found.width == 128 && found.height == 64 && found.rgba != plain.rgba)
        let swapped = plain.rgba.indices.map { plain.rgba[$0 / 128 * 128 + ($0 % 128 + 64) % 128] }
        // One step is rounding: the encoder's tiles are not quite those of one image.
        let greatest = zip(found.rgba.joined(), swapped.joined()).map { abs(Int($0) - Int($1)) }.max()
        #expect(greatest ?? 256 <= 1)
    }

    @Test("Transparency of a grid that is one image is never dropped: the file is refused")
    func alphaOfGrid() async throws {
        let path = WorkerFile.folder.removingLastComponent().appending("Refused/grid-with-one-alpha.avif")
        let file = try FileDescriptor.contents(of: path, maximum: 1 << 20)
        #expect(try probe(file).hasAlpha)
        let error = await #expect(throws: ImageError.self) { try await fitted(file) }
        #expect(
            error?.code == .unsupportedFeature && error?.message.contains("transparency") == true, "\(error as Any)")
    }

    @Test("The fixtures are there")
    func complete() { #expect(Self.names.count > 60) }

    @Test("A fitted image has the pixels that another implementation reads, upright and in sRGB", arguments: names)
    func pixels(name: String) async throws {
        let found = try await fitted(WorkerFile.bytes(name))
        let wanted = try Pixels(png: WorkerFile.bytes("\(name).png"))
        #expect(found.width == wanted.width && found.height == wanted.height)
        var (greatest, sum) = (0, 0)
        for (one, other) in zip(found.rgba, wanted.rgba) where one[3] > 0 || other[3] > 0 {
            for (a, b) in zip(one, other) {
                greatest = max(greatest, abs(Int(a) - Int(b)))
                sum += abs(Int(a) - Int(b))
            }
        }
        // One step is rounding: of premultiplied samples, of luma and chroma.
        let most = Self.exact.contains(name) ? 1 : 16
        #expect(greatest <= most, "differs by up to \(greatest)")
        #expect(Double(sum) / Double(max(found.rgba.count, 1) * 4) < 1.2)
    }

    @Test(
        "A file that is cut off anywhere is refused, and harms nothing",
        arguments: ["turned-6.heic", "alpha.avif", "tiff_lzw.tif", "tiled.tif", "boxed.jxl", "plain.jxl"])
    func truncated(name: String) async throws {
        let whole = try WorkerFile.bytes(name)
        for share in [0.3, 0.6, 0.9] {
            let source = ImageSource(bytes: Array(whole[..<Int(Double(whole.count) * share)]))
            let error = await #expect(throws: ImageError.self) { try await Self.fitter.get().fit(source) }
            let codes: [ImageError.Code] = [.truncatedInput, .corruptInput, .unsupportedFeature]
            #expect(error.map { codes.contains($0.code) } == true, "\(error?.description ?? "")")
        }
    }

    @Test(
        "Damage anywhere in a file ends as an error or an image, never as the end of this process",
        arguments: ["turned-6.heic", "grid.avif", "tiff_lzw.tif", "jpeg.tif", "plain.jxl"])
    func damaged(name: String) async throws {
        let whole = try WorkerFile.bytes(name)
        for place in stride(from: 0, to: whole.count, by: max(1, whole.count / 24)) {
            var bytes = whole
            bytes[place] ^= 0xFF
            let fitter = try Self.fitter.get()
            do { _ = try await fitter.fit(ImageSource(bytes: bytes)) } catch let error as ImageError {
                #expect(error.code != .decoderUnavailable, "\(error)")
            }
        }
    }

    @Test("The memory that a header announces is refused before a worker hears of it")
    func bomb() async throws {
        let fitter = ImageFitter(
            configuration: ImageFitter.Configuration(
                memory: 64 << 20, threads: 1, decoderWorker: DecoderWorker(executable: "/nowhere/snug")))
        var bytes = try WorkerFile.bytes("plain.avif")
        // The sides in the image's size property.
        let place = try #require(
            bytes.indices.first { bytes[$0...].starts(with: Array("ispe".utf8)) })
        bytes.replaceSubrange((place + 8)..<(place + 16), with: [0, 0, 0x3E, 0x80, 0, 0, 0x3E, 0x80])
        let error = await #expect(throws: ImageError.self) { try await fitter.fit(ImageSource(bytes: bytes)) }
        #expect(error?.code == .memoryExceeded)
        bytes.replaceSubrange((place + 8)..<(place + 16), with: [0, 0, 0x42, 0x68, 0, 0, 0x42, 0x68])
        let larger = await #expect(throws: ImageError.self) { try await fitter.fit(ImageSource(bytes: bytes)) }
        #expect(larger?.code == .limitExceeded)
    }

    @Test("A turned HEIC keeps its EXIF where that is asked for, and says upright")
    func metadata() async throws {
        var policy = FitPolicy()
        policy.format = .jpeg
        policy.metadata = .keep
        let source = ImageSource(bytes: try WorkerFile.bytes("turned-6.heic"))
        let image = try await Self.fitter.get().fit(source, policy: policy)
        guard case .bytes(let bytes) = image.content else {
            Issue.record("nothing was encoded")
            return
        }
        let output = ImageSource(bytes: bytes)
        let header = try ImageProbe.header(of: output)
        #expect(header.orientation == .upright && header.width == 24 && header.height == 16)
        let exif = try ImageProbe.embeddedMetadata(of: output, header: header).exif
        #expect(EXIFBlock(try #require(exif))?.orientation == .valid(.upright))
    }
}
