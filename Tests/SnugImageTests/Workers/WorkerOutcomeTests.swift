// SPDX-License-Identifier: Apache-2.0
import CSandbox
import SnugSystem
import Testing

@testable import SnugImage

/// Responses of a worker that may have been taken over by a file: what is believed, and what is not.
@Suite struct WorkerOutcomeTests {
    private static func reader(
        _ change: (inout ImageHeader) -> Void = { _ in }, recovers: Bool = false
    ) -> ImageReader {
        var header = ImageHeader(format: .avif, width: 40, height: 30)
        header.colourModel = .rgba
        change(&header)
        return ImageReader(
            source: ImageSource(bytes: [1]), header: header, policy: FitPolicy(recoversPartialImages: recovers),
            memory: 1 << 20, cache: ColourConversionCache(), cancellation: CancellationFlag())
    }

    private static func response(_ change: (inout snug_codec_response) -> Void = { _ in }) -> snug_codec_response {
        var response = snug_codec_response()
        response.layout.width = 40
        response.layout.height = 30
        response.layout.channels = 3
        response.layout.bits = 8
        response.layout.good_rows = 30
        change(&response)
        return response
    }

    private func outcome(
        _ response: snug_codec_response, of reader: ImageReader = Self.reader(), codec: snug_codec_format = .avif
    ) throws(ImageError) -> WorkerOutcome {
        var response = response
        return try WorkerOutcome(&response, of: reader, codec: codec)
    }

    private func message(_ text: [UInt8], in response: inout snug_codec_response) {
        unsafe withUnsafeMutableBytes(of: &response.message) { bytes in unsafe bytes.copyBytes(from: text) }
    }

    @Test(
        "Samples are of the form that channels, bits and inks say",
        arguments: [
            (1, 8, 0, .init(.gray)), (2, 8, 0, .init(.gray, hasAlpha: true)), (3, 8, 0, .init(.rgb)),
            (4, 8, 0, .init(.rgb, hasAlpha: true)), (4, 8, 1, .init(.cmyk)),
            (1, 16, 0, .init(.gray, isSixteenBit: true)),
            (4, 16, 0, .init(.rgb, hasAlpha: true, isSixteenBit: true)),
        ] as [(UInt32, UInt32, UInt32, SampleLayout)])
    func layouts(channels: UInt32, bits: UInt32, isCMYK: UInt32, expected: SampleLayout) throws {
        let found = try outcome(
            Self.response {
                $0.layout.channels = channels
                $0.layout.bits = bits
                $0.layout.is_cmyk = isCMYK
            })
        #expect(found.layout == expected && !found.report.isDamaged && found.report.totalRows == 30)
    }

    @Test("Figures that cannot be are a crash of the decoder, whatever else it says")
    func impossible() {
        let changes: [(String, @Sendable (inout snug_codec_response) -> Void)] = [
            ("width", { $0.layout.width = 41 }), ("height", { $0.layout.height = .max }),
            ("no channels", { $0.layout.channels = 0 }), ("five channels", { $0.layout.channels = 5 }),
            ("no bits", { $0.layout.bits = 0 }), ("nine bits", { $0.layout.bits = 9 }),
            ("three inks", { $0.layout.is_cmyk = 1 }),
            (
                "deep inks",
                {
                    ($0.layout.is_cmyk, $0.layout.channels, $0.layout.bits) = (1, 4, 16)
                }
            ),
            ("inks of another kind", { ($0.layout.is_cmyk, $0.layout.channels) = (2, 4) }),
            ("a profile over what is shared", { $0.layout.profile_bytes = 4 << 20 + 1 }),
        ]
        for (name, change) in changes {
            let error = #expect(throws: ImageError.self, "\(name)") { try outcome(Self.response(change)) }
            #expect(error?.code == .decoderCrashed, "\(name)")
        }
        // Alpha that the header does not have would be read past the rows that were made room for.
        for channels in [2, 4] as [UInt32] {
            let error = #expect(throws: ImageError.self) {
                try outcome(Self.response { $0.layout.channels = channels }, of: Self.reader { $0.colourModel = .rgb })
            }
            #expect(error?.code == .decoderCrashed)
        }
    }

    @Test(
        "Every status of a decoder has its error, with the decoder's words",
        arguments: [
            (snug_codec_status.corrupt.rawValue, .corruptInput), (snug_codec_status.mismatch.rawValue, .corruptInput),
            (snug_codec_status.truncated.rawValue, .truncatedInput),
            (snug_codec_status.unsupported.rawValue, .unsupportedFeature),
            (snug_codec_status.outOfMemory.rawValue, .memoryExceeded),
            (snug_codec_status.missing.rawValue, .decoderUnavailable),
            (snug_codec_status.failed.rawValue, .codecFailed), (99, .codecFailed), (.max, .codecFailed),
        ] as [(UInt32, ImageError.Code)])
    func statuses(status: UInt32, code: ImageError.Code) {
        var response = Self.response { $0.status = status }
        message(Array("its own words".utf8), in: &response)
        let error = #expect(throws: ImageError.self) { try outcome(response) }
        #expect(error?.code == code && error?.message.contains("its own words") == true)
        #expect((error?.settings == [.memory]) == (code == .memoryExceeded))
    }

    @Test("A library that is missing is named with its package")
    func missing() {
        let response = Self.response { $0.status = snug_codec_status.missing.rawValue }
        for (codec, words) in [
            (snug_codec_format.heif, "libheif1"), (.avif, "libavif15"), (.tiff, "libtiff6"), (.jpegXL, "libjxl0.7"),
        ] {
            let error = #expect(throws: ImageError.self) { try outcome(response, codec: codec) }
            #expect(error?.message.hasSuffix("apt-get install \(words)") == true)
        }
    }

    @Test("Words without an end, or with characters that steer a terminal, are cut and made plain")
    func words() throws {
        var response = Self.response { $0.status = snug_codec_status.corrupt.rawValue }
        message([UInt8](repeating: UInt8(ascii: "x"), count: Int(SNUG_CODEC_MESSAGE_SIZE)), in: &response)
        let long = try #require(#expect(throws: ImageError.self) { try outcome(response) })
        #expect(long.message.filter { $0 == "x" }.count == 160)
        message([0x1B, 0x5B, 0x32, 0x4A, 0xC3, 0xA4, 0x0A, UInt8(ascii: "y"), 0], in: &response)
        let steering = try #require(#expect(throws: ImageError.self) { try outcome(response) })
        #expect(steering.message.contains("(.[2J..y)"))
    }

    @Test("Rows of a damaged image are kept where that is asked for, and never more than there are")
    func recovery() throws {
        for (status, rows, expected) in [
            (snug_codec_status.truncated, UInt32(12), 12), (.corrupt, 30, 30), (.truncated, .max, 30),
        ] {
            let response = Self.response {
                $0.status = status.rawValue
                $0.layout.good_rows = rows
            }
            let found = try outcome(response, of: Self.reader(recovers: true))
            #expect(found.report.isDamaged && found.report.goodRows == expected && found.report.warningCount == 1)
            #expect(found.report.endedEarly == (status == .truncated))
            #expect(throws: ImageError.self) { try outcome(response) }
        }
        // Nothing was decoded, or nothing can be kept.
        for change in [
            { $0.layout.channels = 0 }, { $0.status = snug_codec_status.failed.rawValue },
        ] as [(inout snug_codec_response) -> Void] {
            var response = Self.response { $0.status = snug_codec_status.corrupt.rawValue }
            change(&response)
            #expect(throws: ImageError.self) { try outcome(response, of: Self.reader(recovers: true)) }
        }
    }

    @Test("The colour space is the header's before the decoder's")
    func colours() throws {
        let said = Self.response { ($0.layout.primaries, $0.layout.transfer) = (9, 16) }
        #expect(try outcome(said).codePoints == CodingIndependentColour(primaries: 9, transfer: 16))
        #expect(try outcome(Self.response()).codePoints == nil)
        let named = CodingIndependentColour(primaries: 12, transfer: 13)
        let reader = Self.reader { $0.colourSpace = .codePoints(named) }
        #expect(try outcome(said, of: reader).codePoints == named)
        // Numbers that no standard has are no colour space.
        let nonsense = Self.response { ($0.layout.primaries, $0.layout.transfer) = (.max, .max) }
        #expect(try outcome(nonsense).codePoints?.profile == nil)
    }
}
