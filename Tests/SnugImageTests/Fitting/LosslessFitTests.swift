// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Copies, strips and lossless recompression.
@Suite struct LosslessFitTests {
    private let fitter = ImageFitter(configuration: .init(memory: 1 << 30, threads: 1))

    private func fit(_ bytes: [UInt8], _ limit: Int, _ policy: FitPolicy = FitPolicy()) async throws -> FittedImage {
        try await fitter.fit(ImageSource(bytes: bytes), limits: Limits(byteLimit: limit), policy: policy)
    }

    private func arePixelsEqual(_ first: [UInt8], _ second: [UInt8]) throws -> Bool {
        DrawnImage.difference(try DrawnImage.decoded(first), try DrawnImage.decoded(second)) == 0
    }

    @Test("One byte over, metadata goes first and the pixels stay")
    func strips() async throws {
        let input = try DrawnImage.jpeg(
            DrawnImage.scene(width: 100, height: 80), segments: [DrawnImage.exif(.upright, filler: 900)])
        let image = try await fit(input, input.count - 1)
        #expect(image.status == .stripped && image.encodes == 0 && image.byteCount < input.count - 900)
        #expect(try arePixelsEqual(image.bytes(of: input), input))
    }

    @Test("A little over, a JPEG is losslessly recompressed", arguments: [true, false], [85.0, 95])
    func recompresses(subsamples: Bool, quality: Double) async throws {
        let input = try DrawnImage.jpeg(
            DrawnImage.scene(width: 420, height: 300), quality: quality, subsamples: subsamples)
        let image = try await fit(input, input.count * 985 / 1000)
        #expect(image.status == .fitted && image.quality == nil && image.scale == 1)
        #expect((1...2).contains(image.encodes))
        let bytes = image.bytes(of: input)
        #expect(bytes.count <= input.count * 985 / 1000)
        #expect(try arePixelsEqual(bytes, input))
        let header = try probe(bytes)
        #expect(header.jpegProcess == .progressive && header.chromaSubsampling == (subsamples ? .s420 : .s444))
        #expect(image.warnings.contains("losslessly recompressed: every pixel is the same"))
    }

    @Test("Gray files are recompressed too")
    func gray() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 420, height: 300, channels: 1), quality: 92)
        let image = try await fit(input, input.count * 985 / 1000)
        #expect(image.quality == nil && image.scale == 1)
        #expect(try arePixelsEqual(image.bytes(of: input), input))
    }

    @Test("Far over the limit the image is re-encoded", arguments: [0.4, 0.7])
    func notEnough(share: Double) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 420, height: 300), quality: 92)
        let image = try await fit(input, Int(Double(input.count) * share))
        #expect(image.status == .fitted && image.quality != nil)
    }

    @Test("The stepped strategy does not recompress")
    func stepped() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 420, height: 300), quality: 92)
        let image = try await fit(input, input.count * 985 / 1000, FitPolicy(strategy: .stepped))
        #expect(image.quality != nil)
    }

    @Test("A JPEG damaged inside its image data is refused, or recovered where asked", arguments: [0.3, 0.6, 0.9])
    func damage(place: Double) async throws {
        var input = try DrawnImage.jpeg(DrawnImage.scene(width: 420, height: 300), quality: 92)
        let start = Int(Double(input.count) * place)
        // An end marker in the middle: the rest of the image is missing.
        input.replaceSubrange(start..<start + 2, with: [0xFF, 0xD9])
        await #expect { try await fit(input, 1 << 20) } throws: {
            [.corruptInput, .truncatedInput].contains(($0 as? ImageError)?.code)
        }
        let recovered = try await fit(input, 1 << 20, FitPolicy(recoversPartialImages: true))
        #expect(recovered.status == .fitted && recovered.width == 420 && recovered.height == 300)
    }

    @Test("Data after the image is removed, whatever it is", arguments: [1, 100, 70_000])
    func trailer(count: Int) async throws {
        let jpeg = try DrawnImage.jpeg(DrawnImage.scene(width: 100, height: 80))
        let png = try DrawnImage.png(DrawnImage.scene(width: 100, height: 80))
        for input in [jpeg, png] {
            let image = try await fit(input + [UInt8](repeating: 0x41, count: count), 1 << 20)
            #expect(image.status == .stripped && image.bytes(of: []) == input)
        }
    }

    @Test("A PNG with a wrong checksum in its image data is refused")
    func pngChecksum() async throws {
        var input = try DrawnImage.png(DrawnImage.scene(width: 100, height: 80))
        let data = try #require(
            input.indices.first { $0 + 4 < input.count && Array(input[$0..<$0 + 4]) == Array("IDAT".utf8) })
        input[data + 40] ^= 0x10
        await #expect { try await fit(input, 1 << 20) } throws: { ($0 as? ImageError)?.code == .corruptInput }
    }

    @Test("Damage inside an image that complies is an error")
    func damage() async throws {
        var input = try DrawnImage.jpeg(DrawnImage.scene(width: 300, height: 200, grain: 20), quality: 95)
        let middle = input.count / 2
        // Codes come out of step and back into it, so that some blocks are left over at the end or missing there.
        for place in stride(from: middle, to: middle + 800, by: 100) where input[place] != 0xFF { input[place] ^= 0x55 }
        let limits = Limits(byteLimit: input.count)
        await #expect {
            try await fitter.fit(ImageSource(bytes: input), limits: limits)
        } throws: {
            let code = ($0 as? ImageError)?.code
            return code == .corruptInput || code == .truncatedInput
        }
    }
}
