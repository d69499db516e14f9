// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Opens an image for any number of passes.
struct ImageReader: Sendable {
    let source: ImageSource
    let header: ImageHeader
    let policy: FitPolicy
    /// The codec library's memory limit in bytes.
    let memory: Int
    let cache: ColourConversionCache
    /// The decoders of formats that are decoded in other processes.
    var workers = DecoderWorkerPool(worker: nil)
    let cancellation: CancellationFlag
    /// The coefficients of a JPEG of several scans, once they are decoded.
    var coefficients = CoefficientCache()

    /// Starts a pass.
    func open(_ demand: PixelDemand) throws -> any ImageStream {
        switch header.format {
        case .jpeg: return try openJPEG(demand)
        default: return RowDecoderStream(try rowDecoder(), of: self, demand: demand)
        }
    }

    /// The decoder of a format whose samples come interleaved.
    func rowDecoder() throws -> any RowDecoder {
        switch header.format {
        case .png: return try PNGRowDecoder(self)
        #if WebP
            case .webp: return try FrameRowDecoder<WebPFrameRenderer>(self)
        #endif
        #if GIF
            case .gif: return try FrameRowDecoder<GIFFrameRenderer>(self)
        #endif
        case .bmp:
            return try BMPRowDecoder(
                BMPHeader(source), of: source,
                profile: try ImageProbe.iccProfile(of: source, header: header, limits: policy.decodingLimits),
                recoversPartialImages: policy.recoversPartialImages)
        case .ico: return try ICORowDecoder.decoder(self)
        default:
            if let codec = header.format.workerCodec { return try IsolatedDecoder(self, codec: codec) }
            throw FitPlan.notRead(header.format)
        }
    }

    /// The profile that an output carries when metadata are kept; pixels are then left in its colour space.
    ///
    /// Not for CMYK: the output is RGB.
    func keptProfile() throws -> [UInt8]? {
        guard header.colourModel != .cmyk && header.colourModel != .ycck else { return nil }
        if header.format.decodesToPlanes {
            return try ImageProbe.iccProfile(of: source, header: header, limits: policy.decodingLimits)
        }
        if case .codePoints(let colour) = header.colourSpace { return colour.decodedProfile }
        if header.format.isProfileOutside { return try workerSubject().profile }
        return try rowDecoder().iccProfile
    }

    /// The conversion to sRGB, or none where the profile is kept instead.
    func conversion(profile: [UInt8]?, layout: SampleLayout) -> (
        conversion: ColourConversion, warnings: [String]
    ) {
        let isNamed = if case .codePoints = header.colourSpace { true } else { false }
        let keepsProfile =
            policy.keepsProfile && (profile != nil || isNamed) && (layout.model == .gray || layout.model == .rgb)
        if keepsProfile { return (.assumed(for: layout), []) }
        return ColourConversion.make(
            profile: profile, declaration: header.colourSpace, source: layout, cache: cache,
            maximumProfileBytes: policy.decodingLimits.maximumProfileBytes)
    }

    /// True when a JPEG's luma and chroma are an output's as they are.
    func keepsPlanarColours() throws -> Bool {
        guard header.colourModel == .ycbcr || header.colourModel == .gray else { return false }
        let profile = try ImageProbe.iccProfile(of: source, header: header, limits: policy.decodingLimits)
        let layout = SampleLayout(header.colourModel == .gray ? .gray : .rgb)
        return conversion(profile: profile, layout: layout).conversion.isIdentity
    }

    private func openJPEG(_ demand: PixelDemand) throws -> any ImageStream {
        let decoder = try JPEGDecoder.open(
            source, limits: policy.decodingLimits, memory: memory, cancellation: cancellation)
        let profile = try ImageProbe.iccProfile(of: source, header: header, limits: policy.decodingLimits)
        let model: SampleLayout.Model =
            switch decoder.componentCount {
            case 1: .gray
            case 4: decoder.isInvertedCMYK ? .invertedCMYK : .cmyk
            default: .rgb
            }
        let (conversion, warnings) = conversion(profile: profile, layout: SampleLayout(model))
        let isPlanarAlready = conversion.isIdentity && (decoder.isYCbCr || decoder.isGray)
        if demand.isPlanar && isPlanarAlready {
            if let stream = try JPEGScaledStream.open(self, demand: demand, warnings: warnings) { return stream }
            return try JPEGPlanarStream(
                decoder, eighths: demand.eighths, warnings: warnings,
                recoversPartialImages: policy.recoversPartialImages)
        }
        return try JPEGInterleavedStream(
            decoder, demand: demand, conversion: conversion, warnings: warnings,
            recoversPartialImages: policy.recoversPartialImages)
    }
}
