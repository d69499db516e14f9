// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

@Suite struct ImageErrorTests {
    @Test(
        "Codes are stable texts",
        arguments: [
            (ImageError.Code.emptyInput, "empty_input"), (.notAnImage, "not_an_image"),
            (.unsupportedFormat, "unsupported_format"), (.unsupportedFeature, "unsupported_feature"),
            (.corruptInput, "corrupt_input"), (.truncatedInput, "truncated_input"), (.limitExceeded, "limit_exceeded"),
            (.memoryExceeded, "memory_exceeded"), (.cannotFit, "cannot_fit"), (.invalidArgument, "invalid_argument"),
            (.notFound, "not_found"), (.permissionDenied, "permission_denied"),
            (.notARegularFile, "not_a_regular_file"), (.inputChanged, "input_changed"), (.diskFull, "disk_full"),
            (.ioFailed, "io_failed"), (.codecFailed, "codec_failed"),
            (.decoderCrashed, "decoder_crashed"), (.decoderTimedOut, "decoder_timed_out"),
            (.decoderUnavailable, "decoder_unavailable"), (.interrupted, "interrupted"),
        ])
    func codes(code: ImageError.Code, text: String) {
        #expect(code.description == text)
        #expect(ImageError(code, "a").description == "\(text): a")
    }

    @Test(
        "Keys of settings are stable texts",
        arguments: zip(
            ImageError.Setting.allCases,
            [
                "inputPixels", "inputSide", "inputChunks", "inputMetadata", "inputScans", "inputScanWork", "memory",
                "byteLimit", "qualityFloor", "keepsSize", "background", "metadata", "recovery",
            ]))
    func settings(setting: ImageError.Setting, key: String) {
        #expect(setting.rawValue == key)
    }

    @Test(
        "System errors have the code that a caller can act on",
        arguments: [
            (2, ImageError.Code.notFound), (20, .notFound), (13, .permissionDenied), (1, .permissionDenied),
            (30, .permissionDenied), (28, .diskFull), (122, .diskFull), (5, .ioFailed), (24, .ioFailed),
        ] as [(Int32, ImageError.Code)])
    func system(number: Int32, code: ImageError.Code) {
        let error = ImageError.system(number, doing: "open")
        #expect(error.code == code && error.message.hasPrefix("cannot open it: "))
        #expect((error.details["errno"] == .integer(Int(number))) == (code == .ioFailed))
    }

    @Test(
        "Large numbers are grouped", arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")])
    func grouped(value: Int, text: String) {
        #expect(InputFault.grouped(value) == text)
    }

    @Test("Limits are inclusive: only more than the limit is refused")
    func inclusive() {
        let limits = DecodingLimits(
            maximumPixelCount: 600, maximumSide: 30, maximumMetadataBytes: 10, maximumChunkCount: 5)
        #expect(throws: Never.self) { try InputFault.checkSize(width: 30, height: 20, limits: limits) }
        #expect(throws: Never.self) { try InputFault.checkMetadata(count: 5, bytes: 10, limits: limits) }
        #expect(throws: Never.self) { try InputFault.checkChunks(count: 5, limits: limits) }
        func setting(_ check: () throws(ImageError) -> Void) -> ImageError.Setting? {
            do throws(ImageError) { try check() } catch { return error.settings.first }
            return nil
        }
        #expect(
            setting { () throws(ImageError) in try InputFault.checkSize(width: 31, height: 1, limits: limits) }
                == .inputSide)
        #expect(
            setting { () throws(ImageError) in try InputFault.checkSize(width: 30, height: 21, limits: limits) }
                == .inputPixels)
        #expect(
            setting { () throws(ImageError) in try InputFault.checkSize(width: .max, height: .max, limits: limits) }
                == .inputSide)
        #expect(
            setting { () throws(ImageError) in try InputFault.checkMetadata(count: 6, bytes: 0, limits: limits) }
                == .inputChunks)
        #expect(
            setting { () throws(ImageError) in try InputFault.checkMetadata(count: 0, bytes: 11, limits: limits) }
                == .inputMetadata)
    }
}
