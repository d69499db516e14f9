// SPDX-License-Identifier: Apache-2.0

/// The pixels of one pass over a file, in sRGB, from top to bottom as stored.
protocol ImageStream: AnyObject {
    /// What the rows make up.
    var shape: RasterShape { get }
    /// Decodes everything into a sink.
    func run(into sink: any RowSink) throws
    /// What was noticed; complete after ``run(into:)``.
    var report: DecodeReport { get }
}

/// How pixels are wanted.
struct PixelDemand: Sendable, Hashable {
    /// Luma and chroma planes for a JPEG, or interleaved samples for a PNG.
    var isPlanar: Bool
    /// Eighths of the full size to decode at, 1…8; only JPEG can do less than 8.
    var eighths = 8
    /// What transparent pixels are laid on.
    var background: RGBColour?
}

/// Opens an image as often as needed.
struct ImageReader: Sendable {
    let source: ImageSource
    let header: ImageHeader
    let policy: FitPolicy
    /// Most bytes that a codec library may hold.
    let memory: Int
    let cache: ColourConversionCache
    let cancellation: CancellationFlag

    /// Begins a pass.
    func open(_ demand: PixelDemand) throws -> any ImageStream {
        switch header.format {
        case .jpeg: return try openJPEG(demand)
        case .png: return try PNGStream(self, demand: demand)
        default:
            throw ImageError(
                .unsupportedFormat, "is \(header.format), which is recognised but not read; convert it to JPEG or PNG")
        }
    }

    /// The profile that an output carries when metadata are kept; pixels are then left in its colour space.
    ///
    /// Not for CMYK: the output is RGB.
    func keptProfile() throws -> [UInt8]? {
        switch header.format {
        case .jpeg where header.colourModel != .cmyk && header.colourModel != .ycck:
            return try ImageProbe.iccProfile(of: source, header: header, limits: policy.inputLimits)
        case .png:
            return try PNGDecoder(source: source, limits: policy.inputLimits, memoryLimit: memory).iccProfile
        default: return nil
        }
    }

    /// The conversion to sRGB, or none where the profile is kept instead.
    fileprivate func conversion(profile: [UInt8]?, layout: SampleLayout) -> (
        conversion: ColourConversion, warnings: [String]
    ) {
        let keepsProfile = policy.metadata == .keep && profile != nil && (layout.model == .gray || layout.model == .rgb)
        if keepsProfile { return (.assumed(for: layout), []) }
        return ColourConversion.make(
            profile: profile, declaration: header.colourSpace, source: layout, cache: cache,
            maximumProfileBytes: policy.inputLimits.maximumProfileBytes)
    }

    private func openJPEG(_ demand: PixelDemand) throws -> any ImageStream {
        let decoder = try JPEGDecoder.open(
            source, limits: policy.inputLimits, memory: memory, cancellation: cancellation)
        let profile = try ImageProbe.iccProfile(of: source, header: header, limits: policy.inputLimits)
        let model: SampleLayout.Model =
            switch decoder.componentCount {
            case 1: .gray
            case 4: decoder.isInvertedCMYK ? .invertedCMYK : .cmyk
            default: .rgb
            }
        let (conversion, warnings) = conversion(profile: profile, layout: SampleLayout(model))
        let isPlanarAlready = conversion.isIdentity && (decoder.isYCbCr || decoder.isGray)
        if demand.isPlanar && isPlanarAlready {
            return try JPEGPlanarStream(
                decoder, eighths: demand.eighths, warnings: warnings, salvages: policy.salvages)
        }
        return try JPEGInterleavedStream(
            decoder, demand: demand, conversion: conversion, warnings: warnings, salvages: policy.salvages)
    }
}

/// A JPEG whose components go out as they are stored.
final class JPEGPlanarStream: ImageStream {
    let shape: RasterShape
    /// Taken out while it runs: rows are lent from it.
    private var decoder: JPEGDecoder?
    private var decoded = DecodeReport()
    private let warnings: [String]
    private let salvages: Bool

    init(_ opened: consuming JPEGDecoder, eighths: Int, warnings: [String], salvages: Bool) throws {
        var decoder = opened
        try decoder.start(output: .planar, eighths: eighths)
        let planes = decoder.components.map {
            PlaneShape(
                width: $0.width, height: $0.height, extentWidth: $0.extentWidth, extentHeight: $0.extentHeight)
        }
        shape = RasterShape(
            model: planes.count == 1 ? .gray : .ycbcr, width: decoder.outputWidth, height: decoder.outputHeight,
            planes: planes)
        self.decoder = consume decoder
        self.warnings = warnings
        self.salvages = salvages
    }

    func run(into sink: any RowSink) throws {
        guard var decoder = decoder.take() else { return }
        var sent = [Int](repeating: 0, count: shape.planes.count)
        while sent[0] < shape.planes[0].height {
            try decoder.readBand()
            for (index, component) in decoder.components.enumerated() {
                let rows = min(component.bandRows, shape.planes[index].height - sent[index])
                for row in 0..<max(rows, 0) {
                    try sink.receive(decoder.bandRow(component: index, row: row), plane: index)
                }
                sent[index] += max(rows, 0)
            }
            // Damage is seen band by band: without salvaging there is no point in going on.
            if !salvages, let error = decoder.report.error { throw error }
        }
        decoded = decoder.report
    }

    var report: DecodeReport {
        var report = decoded
        report.warnings = warnings + report.warnings
        report.warningCount += warnings.count
        return report
    }
}

/// A JPEG whose pixels need their colours converted, or are wanted interleaved.
final class JPEGInterleavedStream: ImageStream {
    let shape: RasterShape
    private var decoder: JPEGDecoder
    private let stage: ColourStage
    private let warnings: [String]
    private let salvages: Bool

    init(
        _ opened: consuming JPEGDecoder, demand: PixelDemand, conversion: ColourConversion, warnings: [String],
        salvages: Bool
    ) throws {
        var decoder = opened
        let output: JPEGDecoder.Output =
            switch conversion.layout.model {
            case .gray: .gray
            case .rgb: .rgb
            case .cmyk, .invertedCMYK: .cmyk
            }
        try decoder.start(output: output, eighths: demand.eighths)
        stage = ColourStage(
            width: decoder.outputWidth, height: decoder.outputHeight, conversion: conversion, demand: demand)
        shape = stage.shape
        self.decoder = decoder
        self.warnings = warnings
        self.salvages = salvages
    }

    func run(into sink: any RowSink) throws {
        var row = [UInt8](repeating: 0, count: stage.sourceRowBytes)
        for y in 0..<shape.height {
            var span = row.mutableSpan
            try decoder.readRow(into: &span)
            try stage.send(row.span, to: sink)
            if !salvages, y % 64 == 63, let error = decoder.report.error { throw error }
        }
        if !salvages, let error = decoder.report.error { throw error }
    }

    var report: DecodeReport {
        var report = decoder.report
        report.warnings = warnings + report.warnings
        report.warningCount += warnings.count
        return report
    }
}

/// A PNG.
final class PNGStream: ImageStream {
    let shape: RasterShape
    private var decoder: PNGDecoder
    private let stage: ColourStage
    private let warnings: [String]
    private let cancellation: CancellationFlag

    init(_ reader: ImageReader, demand: PixelDemand) throws {
        // 16 bits are kept up to the colour conversion, so that they are rounded once.
        let decoder = try PNGDecoder(
            source: reader.source, limits: reader.policy.inputLimits, keeps16Bits: true,
            salvages: reader.policy.salvages, memoryLimit: reader.memory)
        let layout = SampleLayout(
            decoder.channels <= 2 ? .gray : .rgb, hasAlpha: decoder.hasAlpha, isSixteenBit: decoder.bitsPerSample == 16)
        let (conversion, warnings) = reader.conversion(profile: decoder.iccProfile, layout: layout)
        stage = ColourStage(width: decoder.width, height: decoder.height, conversion: conversion, demand: demand)
        shape = stage.shape
        self.warnings = warnings
        self.decoder = decoder
        cancellation = reader.cancellation
    }

    func run(into sink: any RowSink) throws {
        // Sixteen-bit samples have to begin at even addresses, which an array's storage does.
        var row = [UInt8](repeating: 0, count: decoder.rowByteCount)
        for y in 0..<decoder.height {
            if y % 64 == 0 { try cancellation.check() }
            var span = row.mutableSpan
            try decoder.readRow(into: &span)
            try stage.send(row.span, to: sink)
        }
    }

    var report: DecodeReport {
        var report = DecodeReport()
        report.warnings = warnings + decoder.warnings
        report.warningCount = report.warnings.count
        report.totalRows = decoder.height
        report.isDamaged = decoder.missingRowCount > 0
        report.goodRows = report.isDamaged ? decoder.height - decoder.missingRowCount : nil
        return report
    }
}
