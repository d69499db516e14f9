// SPDX-License-Identifier: Apache-2.0

/// The choices of a fit.
public struct FitPolicy: Sendable, Hashable, Codable {
    /// The method that finds size and quality.
    public enum Strategy: String, Sendable, Hashable, CaseIterable, Codable {
        /// Scale and quality chosen together on a prediction of the result's size.
        case best
        /// The documented textbook method: area ratio at quality 85, then down by 5 to 50.
        case stepped
    }
    /// The format of a re-encoded output.
    public enum OutputFormat: String, Sendable, Hashable, CaseIterable, Codable {
        /// Whichever suits the image: alpha and graphics stay PNG, photos become JPEG.
        case automatic = "auto"
        case jpeg, png
        /// The input's own.
        case keep
    }
    /// The treatment of EXIF, XMP and ICC data.
    public enum Metadata: String, Sendable, Hashable, CaseIterable, Codable {
        case strip, keep
    }
    /// Chroma resolution of a JPEG output.
    public enum ChromaChoice: String, Sendable, Hashable, CaseIterable, Codable {
        /// 4:4:4 where the chroma has detail that 4:2:0 would lose and bytes allow it, else 4:2:0.
        case automatic = "auto"
        case s420 = "4:2:0"
        case s444 = "4:4:4"
    }

    /// The effort that the `best` strategy spends on a JPEG.
    public enum Effort: String, Sendable, Hashable, CaseIterable, Codable {
        /// One scan, coefficients dropped by thresholds: about two thirds of the default's CPU, half a point of
        /// SSIMULACRA2 less at the same bytes.
        case fast
        /// Progressive scans, coefficients dropped by what each costs.
        case standard = "default"
    }

    /// The method. Default best.
    public var strategy: Strategy
    /// The effort of `best` for a JPEG. Default standard.
    public var effort: Effort
    /// Keeps the size in pixels: only the quality is lowered to reach the byte limit.
    public var keepsSize: Bool
    /// Lowest quality on libjpeg's 1–100 scale. Default 50.
    public var qualityFloor: Int
    /// Highest quality on libjpeg's 1–100 scale.
    ///
    /// Default `nil`: the source's own for a JPEG whose size is kept, 95 for other pixels.
    public var qualityCeiling: Int?
    /// The format of a re-encoded output. Default automatic.
    public var format: OutputFormat
    /// The treatment of metadata. Default strip.
    public var metadata: Metadata
    /// Chroma resolution of a JPEG output. Default automatic.
    public var chroma: ChromaChoice
    /// The colour behind transparent pixels, for JPEG outputs; `nil` keeps alpha.
    public var background: RGBColour?
    /// Delivers the intact rows of a damaged or truncated image and fills the rest, instead of failing.
    public var recoversPartialImages: Bool
    /// The limits on inputs.
    public var decodingLimits: DecodingLimits

    /// Creates a policy with the default of each field.
    public init(
        strategy: Strategy = .best, effort: Effort = .standard, keepsSize: Bool = false, qualityFloor: Int = 50,
        qualityCeiling: Int? = nil,
        format: OutputFormat = .automatic, metadata: Metadata = .strip, chroma: ChromaChoice = .automatic,
        background: RGBColour? = nil, recoversPartialImages: Bool = false,
        decodingLimits: DecodingLimits = DecodingLimits()
    ) {
        self.strategy = strategy
        self.effort = effort
        self.keepsSize = keepsSize
        self.qualityFloor = qualityFloor
        self.qualityCeiling = qualityCeiling
        self.format = format
        self.metadata = metadata
        self.chroma = chroma
        self.background = background
        self.recoversPartialImages = recoversPartialImages
        self.decodingLimits = decodingLimits
    }
}
