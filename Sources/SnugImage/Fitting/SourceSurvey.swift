// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// The findings about a source before its pixels are decoded: a plan needs nothing else.
struct SourceSurvey: Sendable {
    let header: ImageHeader
    let byteCount: Int
    /// sRGB is asked for, and the pixels are in another colour space.
    var convertsColours = false
    /// The file without the metadata that goes, or its fault; `nil` where the file was not walked.
    var stripped: Result<MetadataStripper, ImageError>?

    /// A header alone.
    init(header: ImageHeader, byteCount: Int) {
        self.header = header
        self.byteCount = byteCount
    }

    /// Reads the file without decoding it, as far as its treatment depends on it.
    /// - Throws: `io_failed`, `input_changed`. A fault of the file is a result.
    static func take(
        _ source: ImageSource, header: ImageHeader, limits: Limits, policy: FitPolicy,
        cache: ColourConversionCache = ColourConversionCache()
    ) throws -> SourceSurvey {
        var survey = SourceSurvey(header: header, byteCount: source.byteCount)
        guard header.format.isDecodable else { return survey }
        if policy.convertsToSRGB {
            survey.convertsColours = try needsConversion(source, header: header, policy: policy, cache: cache)
        }
        guard try FitPlan.make(survey, limits: limits, policy: policy).mayPassOn else { return survey }
        do throws(ImageError) {
            survey.stripped = .success(
                try MetadataStripper(
                    source, header: header, metadata: policy.metadata, limits: policy.decodingLimits))
        } catch {
            guard error.code == .truncatedInput || error.code == .corruptInput else { throw error }
            survey.stripped = .failure(error)
        }
        return survey
    }

    /// Memory of the codec that reads a profile.
    private static let profileMemory = 64 << 20

    private static func needsConversion(
        _ source: ImageSource, header: ImageHeader, policy: FitPolicy, cache: ColourConversionCache
    ) throws -> Bool {
        let model: SampleLayout.Model
        switch header.colourModel {
        case .cmyk, .ycck: return true
        case .gray, .grayAlpha: model = .gray
        case .rgb, .rgba, .palette, .ycbcr: model = .rgb
        }
        switch header.colourSpace {
        case .undeclared, .sRGB: return false
        case .codePoints(let colour) where colour.dynamicCurve != nil: return true
        case .icc, .codePoints, .gamma: break
        }
        let reader = ImageReader(
            source: source, header: header, policy: policy, memory: profileMemory, cache: cache,
            cancellation: CancellationFlag())
        let profile = try reader.keptProfile()
        return !reader.conversion(profile: profile, layout: SampleLayout(model)).conversion.isIdentity
    }
}
