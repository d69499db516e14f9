// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage

/// Limits of the target: options that `fit` and `inspect` share.
struct LimitOptions: ParsableArguments {
    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "Limits of a named API; 'snug profiles' lists them. Other limit options override it.", valueName: "profile"),
        completion: .list(TargetProfile.all.map(\.name)), transform: ArgumentParsing.profile)
    var profiles: [TargetProfile] = []

    @Option(
        help: ArgumentHelp(
            "Maximum bytes of an output: 10MB is 10,000,000, 10MiB is 10,485,760, 50% is half of the input. (default: 10MB)",
            valueName: "size"),
        transform: ArgumentParsing.byteLimit)
    var limit: ByteLimit?

    @Option(
        help: ArgumentHelp("Minimum bytes of an output: smaller ones get padding.", valueName: "size"),
        transform: ArgumentParsing.positiveByteCount)
    var minBytes: ByteCount?

    @Flag(help: "Count the limit in characters of base64 text, 4 for every 3 bytes.")
    var base64 = false

    @Option(
        help: ArgumentHelp("Maximum pixels of the longer side.", valueName: "px"), transform: ArgumentParsing.pixels)
    var maxSide: Int?

    @Option(
        help: ArgumentHelp("Maximum pixels of the shorter side.", valueName: "px"), transform: ArgumentParsing.pixels)
    var shortSide: Int?

    @Option(help: ArgumentHelp("Maximum pixels in a row.", valueName: "px"), transform: ArgumentParsing.pixels)
    var maxWidth: Int?

    @Option(help: ArgumentHelp("Maximum rows of pixels.", valueName: "px"), transform: ArgumentParsing.pixels)
    var maxHeight: Int?

    @Option(
        help: ArgumentHelp("Maximum pixels in all, such as 12MP or 1000000.", valueName: "n"),
        transform: ArgumentParsing.pixelCount)
    var maxPixels: Int?

    /// The profile, of which there is one at most.
    var profile: TargetProfile? { profiles.first }

    func validate() throws {
        guard profiles.count <= 1 else {
            let names = profiles.map(\.name).joined(separator: " and ")
            throw ValidationError(
                "--for is given \(profiles.count) times (\(names)); give it once, and run once for each")
        }
        let most = min(limits.fileByteLimit, Limits.largestMinimum)
        if let minBytes, minBytes.bytes > most {
            throw ValidationError("--min-bytes \(minBytes.bytes) is above the limit of \(most) bytes")
        }
    }

    /// The limits that the options make.
    var limits: Limits {
        var limits = profile?.limits ?? Limits()
        switch limit {
        case .bytes(let count):
            limits.byteLimit = count.bytes
            limits.counting = .raw
        case .share(let share): limits.inputShare = share
        case nil: break
        }
        limits.minimumBytes = minBytes?.bytes
        limits.maximumWidth = maxWidth
        limits.maximumHeight = maxHeight
        limits.maximumShortSide = shortSide
        if base64 { limits.counting = .base64 }
        if let maxSide { limits.maximumSide = maxSide }
        if let maxPixels { limits.maximumPixelCount = maxPixels }
        return limits
    }
}

/// Limits of inputs: options that `fit` and `inspect` share.
struct InputOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Refuse inputs of more pixels. (default: 268402689, 16383 squared)", valueName: "n"),
        transform: ArgumentParsing.pixelCount)
    var maxInputPixels: Int?

    @Option(
        help: ArgumentHelp("Refuse inputs with a longer side. (default: 65535)", valueName: "px"),
        transform: ArgumentParsing.pixels)
    var maxInputSide: Int?

    @Option(
        help: ArgumentHelp(
            "Refuse inputs of more segments or chunks, image data not counted. (default: 10000)", valueName: "n"),
        transform: ArgumentParsing.positive)
    var maxInputChunks: Int?

    @Option(
        help: ArgumentHelp("Refuse inputs with more metadata. (default: 64MiB)", valueName: "size"),
        transform: ArgumentParsing.positiveByteCount)
    var maxInputMetadata: ByteCount?

    @Option(
        help: ArgumentHelp("Refuse JPEG inputs of more scans. (default: 100)", valueName: "n"),
        transform: ArgumentParsing.positive)
    var maxInputScans: Int?

    @Option(
        help: ArgumentHelp(
            "Refuse progressive JPEG inputs whose scans times pixels are more. (default: 4000000000)", valueName: "n"),
        transform: ArgumentParsing.positive)
    var maxInputScanWork: Int?

    /// The limits that the options make.
    var inputLimits: DecodingLimits {
        var limits = DecodingLimits()
        if let maxInputPixels { limits.maximumPixelCount = maxInputPixels }
        if let maxInputSide { limits.maximumSide = maxInputSide }
        if let maxInputChunks { limits.maximumChunkCount = maxInputChunks }
        if let maxInputMetadata { limits.maximumMetadataBytes = maxInputMetadata.bytes }
        if let maxInputScans { limits.maximumScanCount = maxInputScans }
        if let maxInputScanWork { limits.maximumScanWork = maxInputScanWork }
        return limits
    }
}
