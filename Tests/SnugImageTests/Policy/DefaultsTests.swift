// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import SnugImage

/// Defaults, names and figures that callers rely on.
@Suite struct DefaultsTests {
    @Test("Limits are ten million raw bytes of JPEG or PNG unless they are set")
    func limits() {
        let limits = Limits()
        #expect(limits.byteLimit == 10_000_000 && limits.counting == .raw && limits.fileByteLimit == 10_000_000)
        #expect(limits.formats == [.jpeg, .png] && limits.maximumSide == nil && limits.minimumSide == nil)
        #expect(limits.maximumPixelCount == nil && limits.maximumImagesPerRequest == nil)
    }

    @Test("A policy is the best method that strips, from quality 50 on")
    func policy() {
        let policy = FitPolicy()
        #expect(policy.strategy == .best && policy.effort == .standard && !policy.keepsSize)
        #expect(policy.qualityFloor == 50 && policy.qualityCeiling == nil && policy.format == .automatic)
        #expect(policy.metadata == .strip && policy.chroma == .automatic && policy.background == nil)
        #expect(!policy.recoversPartialImages && policy.decodingLimits == DecodingLimits())
    }

    @Test("A stored policy from before there were palettes to choose is read, and is the same as one of today")
    func stored() throws {
        let encoder = JSONEncoder()
        let text = String(decoding: try encoder.encode(FitPolicy()), as: UTF8.self)
        #expect(!text.lowercased().contains("palette") && !text.lowercased().contains("dither"))
        #expect(try JSONDecoder().decode(FitPolicy.self, from: Data(text.utf8)) == FitPolicy())
        var policy = FitPolicy()
        (policy.palette, policy.dither) = (.always, .never)
        let read = try JSONDecoder().decode(FitPolicy.self, from: encoder.encode(policy))
        #expect(read == policy && read.palette == .always && read.dither == .never)
        (policy.palette, policy.dither) = (.automatic, .automatic)
        #expect(policy == FitPolicy())
    }

    @Test("Limits on inputs have the documented figures")
    func decodingLimits() {
        let limits = DecodingLimits()
        #expect(limits.maximumPixelCount == 268_402_689 && limits.maximumSide == 65_535)
        #expect(limits.maximumScanCount == 100 && limits.maximumScanWork == 4_000_000_000)
        #expect(limits.maximumProfileBytes == 4_194_304 && limits.maximumMetadataBytes == 67_108_864)
        #expect(limits.maximumChunkCount == 10_000 && limits.maximumWarningCount == 100)
    }

    @Test("The names that options and JSON use are a contract")
    func names() {
        #expect(FitPolicy.Strategy.allCases.map(\.rawValue) == ["best", "stepped"])
        #expect(FitPolicy.OutputFormat.allCases.map(\.rawValue) == ["auto", "jpeg", "png", "webp", "keep"])
        #expect(FitPolicy.Metadata.allCases.map(\.rawValue) == ["strip", "keep"])
        #expect(FitPolicy.ChromaChoice.allCases.map(\.rawValue) == ["auto", "4:2:0", "4:4:4"])
        #expect(FitPolicy.Effort.allCases.map(\.rawValue) == ["fast", "default"])
        #expect(Limits.ByteCounting.allCases.map(\.rawValue) == ["raw", "base64"])
        #expect(FittedImage.Status.allCases.map(\.rawValue) == ["fitted", "copied", "stripped"])
        #expect(FitPlan.Action.allCases.map(\.rawValue) == ["copy", "strip", "encode"])
        #expect(
            ColourModel.allCases.map(\.rawValue) == [
                "gray", "gray_alpha", "rgb", "rgba", "palette", "ycbcr", "cmyk", "ycck",
            ])
        #expect(
            JPEGProcess.allCases.map(\.rawValue) == [
                "baseline", "extended", "progressive", "lossless", "hierarchical", "arithmetic",
                "arithmetic_progressive",
            ])
        #expect(Orientation.allCases.map(\.rawValue) == Array(1...8))
        #expect(TargetProfile.Counting.allCases.map(\.rawValue) == ["raw", "base64", "request", "request_base64"])
        #expect(TargetProfile.Certainty.allCases.map(\.rawValue) == ["documented", "second_hand", "unsure"])
    }

    @Test(
        "Formats have their registered names",
        arguments: [
            (.jpeg, "jpg", "image/jpeg", "JPEG"), (.png, "png", "image/png", "PNG"), (.gif, "gif", "image/gif", "GIF"),
            (.webp, "webp", "image/webp", "WebP"), (.tiff, "tif", "image/tiff", "TIFF"),
            (.bmp, "bmp", "image/bmp", "BMP"), (.ico, "ico", "image/vnd.microsoft.icon", "ICO"),
            (.heif, "heic", "image/heif", "HEIF"), (.avif, "avif", "image/avif", "AVIF"),
            (.jpegXL, "jxl", "image/jxl", "JPEG XL"), (.svg, "svg", "image/svg+xml", "SVG"),
            (.pdf, "pdf", "application/pdf", "PDF"),
        ] as [(ImageFormat, String, String, String)])
    func formats(format: ImageFormat, fileExtension: String, mediaType: String, name: String) {
        #expect(format.fileExtension == fileExtension && format.mediaType == mediaType && "\(format)" == name)
        #expect(format.isDecodable == ![.svg, .pdf].contains(format))
    }

    @Test(
        "Base64 never says more bytes than fit, and one more would be too many",
        arguments: [0, 1, 3, 4, 5, 7, 8, 1000, 1_000_003])
    func base64(limit: Int) {
        let bytes = Limits(byteLimit: limit, counting: .base64).fileByteLimit
        #expect((bytes + 2) / 3 * 4 <= limit)
        #expect((bytes + 3) / 3 * 4 > limit)
    }

    @Test("Upright sides are the stored ones, exchanged by the four turns that do so", arguments: Orientation.allCases)
    func upright(orientation: Orientation) {
        var header = ImageHeader(format: .jpeg, width: 7, height: 5)
        header.orientation = orientation
        let swaps = [.transposed, .rotated90, .transversed, .rotated270].contains(orientation)
        #expect(orientation.swapsAxes == swaps)
        #expect((header.uprightWidth, header.uprightHeight) == (swaps ? (5, 7) : (7, 5)))
        #expect(header.pixelCount == 35 && !header.hasAlpha)
    }

    @Test("Alpha is a channel or a tRNS chunk", arguments: ColourModel.allCases, [true, false])
    func alpha(model: ColourModel, hasTransparency: Bool) {
        var header = ImageHeader(format: .png, width: 1, height: 1)
        header.colourModel = model
        header.hasTransparency = hasTransparency
        #expect(header.hasAlpha == (hasTransparency || model == .grayAlpha || model == .rgba))
    }

    @Test("Pixels that overflow count as the most there can be")
    func overflow() {
        #expect(ImageHeader(format: .png, width: .max, height: 2).pixelCount == .max)
    }

    @Test("The codec libraries and the instruction set are named for bug reports")
    func libraries() {
        let versions = CodecLibraries.versions
        let always = ["libjpeg-turbo", "libpng", "zlib", "libdeflate", "Little CMS"]
        let traits = [(ImageFormat.webp, "libwebp"), (.gif, "giflib")].filter { $0.0.isDecodable }.map(\.1)
        #expect(versions.map(\.name) == always + traits)
        #expect(versions.allSatisfy { $0.version.first?.isNumber == true && $0.version.contains(".") })
        #expect(["portable", "AVX2"].contains(CodecLibraries.kernelLevel))
    }
}
