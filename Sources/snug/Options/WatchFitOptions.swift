// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage

/// The limits of fitted images, by the names that `snug fit` has.
struct WatchFitOptions: ParsableArguments, SettingOptions {
    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("Limits of a named API; 'snug profiles' lists them.", valueName: "profile"),
        completion: .list(TargetProfile.all.map(\.name)))
    var profile: String?

    @Option(help: ArgumentHelp("Maximum bytes of a result. (default: 10MB)", valueName: "size"))
    var limit: String?

    @Flag(help: "Count the limit in characters of base64 text.")
    var base64 = false

    @Option(help: ArgumentHelp("Maximum pixels of the longer side.", valueName: "px"))
    var maxSide: String?

    @Option(help: ArgumentHelp("Maximum pixels in all.", valueName: "n"))
    var maxPixels: String?

    @Option(
        help: ArgumentHelp("auto, jpeg, png, webp or keep. (default: auto)", valueName: "format"),
        completion: .list(["auto", "jpeg", "png", "webp", "keep"]))
    var format: String?

    @Option(
        help: ArgumentHelp("best or stepped. (default: best)", valueName: "name"),
        completion: .list(["best", "stepped"]))
    var strategy: String?

    @Option(help: ArgumentHelp("default or fast.", valueName: "name"), completion: .list(["default", "fast"]))
    var effort: String?

    @Flag(help: "Never give up pixels to reach the limit of bytes.")
    var keepSize = false

    @Option(help: ArgumentHelp("Lowest JPEG quality. (default: 50)", valueName: "q"))
    var qualityFloor: String?

    @Option(help: ArgumentHelp("Highest JPEG quality.", valueName: "q"))
    var qualityCeiling: String?

    @Option(
        help: ArgumentHelp("auto, 4:2:0 or 4:4:4. (default: auto)", valueName: "chroma"),
        completion: .list(["auto", "4:2:0", "4:4:4"]))
    var chroma: String?

    @Option(
        help: ArgumentHelp("Palettes in PNG outputs: auto, always or never. (default: auto)", valueName: "when"),
        completion: .list(["auto", "always", "never"]))
    var palette: String?

    @Option(
        help: ArgumentHelp("Diffused errors in palettes: auto, always or never. (default: auto)", valueName: "when"),
        completion: .list(["auto", "always", "never"]))
    var dither: String?

    @Option(
        help: ArgumentHelp(
            "strip, keep, or kinds to keep or to drop, as for 'snug fit'. (default: strip)", valueName: "kinds"),
        completion: .list(["strip", "keep", "no-gps"] + FitPolicy.Metadata.Kind.allCases.map(\.rawValue)))
    var metadata: String?

    @Option(
        help: ArgumentHelp("Flatten transparent images onto a colour.", valueName: "colour"),
        completion: .list(RGBColour.knownNames))
    var background: String?

    @Option(
        help: ArgumentHelp(
            "The frame of an animation, or the page of a TIFF, that becomes the output, from 1.", valueName: "n"))
    var page: String?

    @Flag(help: "Recover partial images from damaged files.")
    var salvage = false

    var given: [(key: String, values: [String], option: String)] {
        let texts =
            Self.one("fit.for", profile, "--for") + Self.one("fit.limit", limit, "--limit")
            + Self.one("fit.max_side", maxSide, "--max-side") + Self.one("fit.max_pixels", maxPixels, "--max-pixels")
            + Self.one("fit.format", format, "--format") + Self.one("fit.strategy", strategy, "--strategy")
            + Self.one("fit.effort", effort, "--effort")
        let more =
            Self.one("fit.quality_floor", qualityFloor, "--quality-floor")
            + Self.one("fit.quality_ceiling", qualityCeiling, "--quality-ceiling")
            + Self.one("fit.palette", palette, "--palette") + Self.one("fit.dither", dither, "--dither")
            + Self.one("fit.chroma", chroma, "--chroma") + Self.one("fit.metadata", metadata, "--metadata")
            + Self.one("fit.background", background, "--background") + Self.one("fit.page", page, "--page")
        let flags =
            Self.one("fit.base64", base64 ? "true" : nil, "--base64")
            + Self.one("fit.keep_size", keepSize ? "true" : nil, "--keep-size")
            + Self.one("fit.salvage", salvage ? "true" : nil, "--salvage")
        return texts + more + flags
    }
}
