// SPDX-License-Identifier: Apache-2.0

extension SourceSurvey {
    /// The fault that a file's structure shows, for a person; `nil` where it shows none.
    ///
    /// A fit that encodes meets it while decoding. A plan looks for it instead.
    /// - Throws: `io_failed`, `input_changed`.
    func structuralFault(in source: ImageSource, limits: DecodingLimits) throws(ImageError) -> String? {
        switch stripped {
        case .failure(let fault): return fault.message
        case .success: return nil
        case nil: break
        }
        guard header.format.isDecodable else { return nil }
        do throws(ImageError) {
            switch header.format {
            case .jpeg, .png, .webp, .gif:
                _ = try StructureWalk.report(of: source, header: header, limits: limits)
            case .ico:
                let image = try ICODirectory(source).image
                if image.upperBound > source.byteCount {
                    return "has \(source.byteCount) of the \(image.upperBound) bytes that its directory announces"
                }
            default:
                if case .missing(let what) = try ContainerEnd(of: source) { return what }
            }
            return nil
        } catch {
            switch error.code {
            case .truncatedInput, .corruptInput: return error.message
            case .ioFailed, .inputChanged: throw error
            // Bounds of the walk are none of a fit that decodes.
            default: return nil
            }
        }
    }
}
