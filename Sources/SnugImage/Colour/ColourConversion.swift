// SPDX-License-Identifier: Apache-2.0
import CLCMS

/// Turns rows of decoded samples into 8-bit sRGB: RGB, or gray with sRGB's tone curve for gray sources.
///
/// A small value that refers to shared, unchanging state: copy it freely, use it from any number of threads at once.
/// Straight alpha passes through, as it is not a colour.
struct ColourConversion: Sendable {
    private enum Method: Sendable {
        /// The samples are sRGB already.
        case identity
        /// R = (255 − C) × (255 − K) / 255 and so on.
        case plainCMYK
        case transform(ColourTransform)
    }

    /// The layout of the rows that ``convert(_:pixelCount:into:)`` takes.
    let layout: SampleLayout
    private let method: Method

    private init(layout: SampleLayout, method: Method) {
        self.layout = layout
        self.method = method
    }

    /// The conversion of samples without a declared colour space.
    ///
    /// Gray and RGB are taken for sRGB, by custom. CMYK without a profile is multiplied out, the inks taken as perfect
    /// filters: what Pillow, Chrome and Firefox show, so that nobody's image changes its look on the way through
    /// here. A built-in press profile would be truer to one press in the world, duller than what the sender saw, and
    /// half a megabyte.
    static func assumed(for layout: SampleLayout) -> ColourConversion {
        switch layout.model {
        case .gray, .rgb: ColourConversion(layout: layout, method: .identity)
        case .cmyk, .invertedCMYK: ColourConversion(layout: layout, method: .plainCMYK)
        }
    }

    /// True when the source's samples are sRGB already, apart from their depth: rows of 8 bits may be used
    /// without converting them.
    var isIdentity: Bool {
        if case .identity = method { true } else { false }
    }

    /// 8-bit samples of a converted pixel, alpha included.
    var outputChannels: Int { layout.outputChannels }

    /// Makes the conversion for an image, with the warnings that belong in its report.
    ///
    /// A profile that is broken, or that is not for such an image, is not used: the image is then taken for sRGB,
    /// and a warning says so. The first use of a profile takes milliseconds (CMYK: tens of them), the next ones next to
    /// nothing.
    /// - Parameters:
    ///   - profile: The bytes of the embedded ICC profile; it wins over the declaration.
    ///   - declaration: What the header says. `.icc` without `profile` means that the profile could not be read.
    ///   - layout: The rows that will come.
    ///   - cache: Shared by all images of a process or job.
    ///   - maximumProfileBytes: See ``DecodingLimits/maximumProfileBytes``.
    static func make(
        profile: [UInt8]?, declaration: ColourSpaceDeclaration, source layout: SampleLayout,
        cache: ColourConversionCache, maximumProfileBytes: Int = DecodingLimits().maximumProfileBytes
    ) -> (conversion: ColourConversion, warnings: [String]) {
        // PNG 3rd edition §4.3: code points win over a profile.
        if case .codePoints(let colour) = declaration, layout.model == .rgb, let named = colour.decodedProfile {
            return make(profile: named, layout: layout, cache: cache, maximumProfileBytes: maximumProfileBytes)
        }
        if let profile {
            return make(profile: profile, layout: layout, cache: cache, maximumProfileBytes: maximumProfileBytes)
        }
        switch declaration {
        case .undeclared, .sRGB, .codePoints:
            return (.assumed(for: layout), [])
        case .icc:
            return (.assumed(for: layout), [warning("could not be read", layout)])
        case .gamma(let gamma, let chromaticities):
            return make(gamma: gamma, chromaticities: chromaticities, layout: layout, cache: cache)
        }
    }

    /// Converts the first `pixelCount` pixels of a row.
    ///
    /// `row` holds at least `pixelCount` pixels as ``layout`` says, `out` at least `pixelCount × outputChannels` samples.
    func convert(_ row: Span<UInt8>, pixelCount: Int, into out: inout MutableSpan<UInt8>) {
        precondition(pixelCount >= 0 && pixelCount <= row.count / layout.bytesPerPixel, "source row too short")
        precondition(pixelCount <= out.count / outputChannels, "destination row too short")
        switch method {
        case .transform(let transform):
            transform.convert(row, pixelCount: pixelCount, into: &out)
        case .plainCMYK:
            let isInverted: Int32 = layout.model == .invertedCMYK ? 1 : 0
            unsafe Self.withRows(row, &out) { unsafe snug_colour_convert_plain_cmyk($0, $1, pixelCount, isInverted) }
        case .identity where layout.isSixteenBit:
            unsafe Self.withRows(row, &out) { unsafe snug_colour_reduce($0, $1, pixelCount * outputChannels) }
        case .identity:
            unsafe Self.withRows(row, &out) { unsafe $1.update(from: $0, count: pixelCount * outputChannels) }
        }
    }

    private static func withRows(
        _ row: Span<UInt8>, _ out: inout MutableSpan<UInt8>,
        _ body: (UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>) -> Void
    ) {
        unsafe row.withUnsafeBufferPointer { source in
            unsafe out.withUnsafeMutableBufferPointer { destination in
                guard let from = source.baseAddress, let to = destination.baseAddress else { return }
                unsafe body(from, to)
            }
        }
    }
}

// MARK: - Making

extension ColourConversion {
    private static func make(
        profile: [UInt8], layout: SampleLayout, cache: ColourConversionCache, maximumProfileBytes: Int
    ) -> (conversion: ColourConversion, warnings: [String]) {
        let checked: CheckedICCProfile
        do {
            checked = try CheckedICCProfile(checking: profile, for: layout.model, maximumByteCount: maximumProfileBytes)
        } catch {
            return (.assumed(for: layout), [warning(error.description, layout)])
        }
        let made = cache.conversion(from: .profile(checked.bytes), layout: layout) {
            build(layout, failing: "the colour profile") { () throws(ColourTransform.Failure) in
                try ColourTransform(profile: checked, layout: layout)
            }
        }
        return (made.conversion, made.warnings)
    }

    private static func make(
        gamma: Double, chromaticities: Chromaticities?, layout: SampleLayout, cache: ColourConversionCache
    ) -> (conversion: ColourConversion, warnings: [String]) {
        switch layout.model {
        case .gray, .rgb: break
        case .cmyk, .invertedCMYK: return (.assumed(for: layout), [])  // gAMA and cHRM are PNG's, which has no CMYK
        }
        let primaries = chromaticities ?? .sRGB
        guard gamma.isFinite, (0.05...20).contains(gamma), primaries.areUsable else {
            let values = "gamma \(gamma), xy \(primaries.coordinates)"
            return (.assumed(for: layout), ["the colour description makes no sense (\(values)); sRGB is assumed"])
        }
        if meansSRGB(gamma: gamma, primaries: primaries, layout: layout) { return (.assumed(for: layout), []) }
        let made = cache.conversion(from: .primaries(exponent: 1 / gamma, primaries), layout: layout) {
            build(layout, failing: "the colour description") { () throws(ColourTransform.Failure) in
                try ColourTransform(exponent: 1 / gamma, chromaticities: primaries, layout: layout)
            }
        }
        return (made.conversion, made.warnings)
    }

    /// A gamma of 1/2.2 with sRGB's primaries, or without any, is how writers of PNG say sRGB to readers that know no
    /// `sRGB` chunk (PNG 3rd edition §11.3.2.5 asks them to); taken by the letter it would lighten every shadow.
    private static func meansSRGB(gamma: Double, primaries: Chromaticities, layout: SampleLayout) -> Bool {
        guard abs(gamma - 1 / 2.2) < 0.001 else { return false }
        if layout.model == .gray { return true }
        return zip(primaries.coordinates, Chromaticities.sRGB.coordinates).allSatisfy { abs($0 - $1) < 0.002 }
    }

    private static func build(
        _ layout: SampleLayout, failing subject: String,
        _ make: () throws(ColourTransform.Failure) -> ColourTransform
    ) -> ColourConversionCache.Made {
        do {
            let transform = try make()
            let conversion =
                transform.isEquivalentToSRGB()
                ? assumed(for: layout) : ColourConversion(layout: layout, method: .transform(transform))
            return ColourConversionCache.Made(conversion: conversion, warnings: [])
        } catch {
            let reason =
                switch error {
                case .unusable(let message): message.isEmpty ? "makes no transform" : "makes no transform: \(message)"
                case .outOfMemory: "takes too much memory"
                }
            return ColourConversionCache.Made(
                conversion: assumed(for: layout), warnings: [warning(reason, layout, subject: subject)])
        }
    }

    private static func warning(
        _ defect: String, _ layout: SampleLayout, subject: String = "the colour profile"
    ) -> String {
        let assumption =
            switch layout.model {
            case .gray, .rgb: "sRGB is assumed"
            case .cmyk, .invertedCMYK: "its inks are taken as perfect filters"
            }
        return "\(subject) \(defect); \(assumption)"
    }
}
