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
        /// Whichever suits the image and is accepted: alpha and graphics become PNG or WebP, photos JPEG.
        case automatic = "auto"
        case jpeg, png, webp
        /// The input's own.
        case keep

        /// The format of every output; `nil` where it depends on the input.
        public var imageFormat: ImageFormat? {
            switch self {
            case .jpeg: .jpeg
            case .png: .png
            case .webp: .webp
            case .automatic, .keep: nil
            }
        }
    }
    /// Chroma resolution of a JPEG output.
    public enum ChromaChoice: String, Sendable, Hashable, CaseIterable, Codable {
        /// 4:4:4 where the chroma has detail that 4:2:0 would lose and bytes allow it, else 4:2:0.
        case automatic = "auto"
        case s420 = "4:2:0"
        case s444 = "4:4:4"
    }

    /// When something is used that may cost looks or bytes.
    public enum Use: String, Sendable, Hashable, CaseIterable, Codable {
        /// Where the output looks best with it.
        case automatic = "auto"
        case always, never
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
    /// The metadata that outputs keep. Default none; with all of it, a sound file that complies is passed on unchanged.
    public var metadata: Metadata
    /// Passes a sound file that complies on byte for byte: with its metadata, orientation and colours. Default false.
    public var copiesCompliant = false
    /// Sides of the output over those of the input, at most; `nil` for what the limits allow.
    public var maximumScale: Double?
    /// An exact size; `nil` for what the limits allow.
    public var frame: ExactFrame?
    /// Makes files smaller without changing a pixel, and nothing else. Default false.
    public var isLossless = false
    /// The share of a file's bytes from which on a lossless saving is worth other image data. Default 0.
    ///
    /// Metadata that is to go goes anyway.
    public var minimumSaving = 0.0
    /// Writes JPEGs in one scan, for readers that know no progressive ones. Default false.
    public var isBaseline = false
    /// Converts the colours of every output to sRGB, also of a file that complies otherwise. Default false.
    public var convertsToSRGB = false
    /// Chroma resolution of a JPEG output. Default automatic.
    public var chroma: ChromaChoice
    /// Palettes of at most 256 colours in PNG outputs; always makes every output such a PNG. Default automatic.
    public var palette: Use {
        get { explicitPalette ?? .automatic }
        set { explicitPalette = newValue == .automatic ? nil : newValue }
    }
    /// Diffusion of the errors where colours are given up to a palette. Default automatic.
    public var dither: Use {
        get { explicitDither ?? .automatic }
        set { explicitDither = newValue == .automatic ? nil : newValue }
    }
    // Policies that were stored before there was this choice have none.
    private var explicitPalette: Use?
    private var explicitDither: Use?
    /// The colour behind transparent pixels, for JPEG outputs; `nil` keeps alpha.
    public var background: RGBColour?
    /// Delivers the intact rows of a damaged or truncated image and fills the rest, instead of failing.
    public var recoversPartialImages: Bool
    /// The frame of an animation, or the page of a TIFF, that becomes the output, from 1.
    ///
    /// Default `nil`: an animation that complies is passed on with all of its frames; else the first frame.
    public var page: Int?
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

    /// True where a file that complies is not to be changed.
    var passesCompliantUnchanged: Bool { copiesCompliant || metadata == .keep }
    /// True where outputs keep the source's profile, and pixels stay in its colour space.
    var keepsProfile: Bool { metadata.keeps(.icc) && !convertsToSRGB }

    /// The policy under limits that ask for sRGB themselves, with what its choices imply.
    func under(_ limits: Limits) -> FitPolicy {
        var policy = self
        if limits.requiresSRGB { policy.convertsToSRGB = true }
        // No other format has palettes.
        if palette == .always, format == .automatic { policy.format = .png }
        return policy
    }
}
