// SPDX-License-Identifier: Apache-2.0
import CSandbox

/// A worker's response, checked.
struct WorkerOutcome {
    let layout: SampleLayout
    let profileBytes: Int
    /// The colour space by code points, where file or worker name one.
    let codePoints: CodingIndependentColour?
    let report: DecodeReport

    /// - Throws: The decoder's fault; `decoder_crashed` for figures that cannot be.
    init(_ response: inout snug_codec_response, of reader: ImageReader, codec: snug_codec_format) throws(ImageError) {
        let said = response.layout
        var report = DecodeReport()
        report.totalRows = reader.header.height
        // A closed enumeration of C takes any number, and one that is no case ends this process where it is looked at.
        let isKnown = response.status <= snug_codec_status.failed.rawValue
        let status = isKnown ? snug_codec_status(rawValue: response.status) : nil
        if status != .ok {
            let message = unsafe Self.plain(String(cString: snug_worker_message(&response)))
            let isPartial = status == .truncated || status == .corrupt
            guard isPartial, reader.policy.recoversPartialImages, said.channels > 0 else {
                throw Self.error(status, message: message, format: reader.header.format, codec: codec)
            }
            report.isDamaged = true
            report.endedEarly = status == .truncated
            report.goodRows = min(Int(said.good_rows), reader.header.height)
            report.warnings = [message]
            report.warningCount = 1
        }
        let hasAlpha = said.channels == 2 || said.channels == 4 && said.is_cmyk == 0
        let isCMYK = said.is_cmyk == 1 && said.channels == 4 && said.bits == 8
        guard said.width == reader.header.width, said.height == reader.header.height,
            (1...4).contains(said.channels), said.bits == 8 || said.bits == 16, said.is_cmyk == 0 || isCMYK,
            !hasAlpha || reader.header.hasAlpha, said.profile_bytes <= 4 << 20
        else {
            throw ImageError(
                .decoderCrashed,
                "the \(reader.header.format) decoder gave an image of another form than the header's; the file may be "
                    + "damaged: get it again, or convert it to JPEG or PNG with another program")
        }
        layout = SampleLayout(
            isCMYK ? .cmyk : said.channels <= 2 ? .gray : .rgb, hasAlpha: hasAlpha,
            isSixteenBit: said.bits == 16)
        profileBytes = Int(said.profile_bytes)
        if case .codePoints(let colour) = reader.header.colourSpace {
            codePoints = colour
        } else if said.transfer > 0 {
            codePoints = CodingIndependentColour(
                primaries: Int(said.primaries), transfer: Int(said.transfer))
        } else {
            codePoints = nil
        }
        self.report = report
    }

    /// A library's words: plain characters only.
    private static func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(160).map { (" "..."~").contains($0) ? $0 : "." }))
    }

    private static func error(
        _ status: snug_codec_status?, message: String, format: ImageFormat, codec: snug_codec_format
    ) -> ImageError {
        switch status {
        case .truncated:
            ImageError(.truncatedInput, "the file ends before its image does (\(message)); get it again")
        case .corrupt, .mismatch: ImageError(.corruptInput, "is a damaged \(format) (\(message)); get it again")
        case .unsupported:
            ImageError(.unsupportedFeature, "this kind of \(format) is not supported (\(message)); convert it to PNG")
        case .outOfMemory:
            ImageError(
                .memoryExceeded,
                "decoding needs more memory than allowed (\(message)); \(ImageError.Setting.memory.remedy)",
                settings: [.memory])
        case .missing:
            ImageError(
                .decoderUnavailable,
                "is \(format), and \(WorkerCodec.library(codec).name) (\(message)) is not installed; install it: "
                    + "apt-get install \(WorkerCodec.library(codec).package)")
        case .ok, .failed, nil:
            ImageError(.codecFailed, "the \(format) decoder failed (\(message)); please report this file")
        }
    }
}
