// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage
import SnugPipeline
import SnugSystem
import SystemPackage

/// The destination of outputs.
struct OutputOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The folder for outputs, created when missing; a file's name for one output; '-' for standard output.",
            valueName: "path"),
        completion: .directory)
    var output: OutputArgument?

    @Flag(help: "Replace each input by its output, in its own format.")
    var inPlace = false

    @Option(
        help: ArgumentHelp(
            "Replace files that are there: never those that snug did not make, older ones than their input, or always (also --overwrite alone).",
            valueName: "when"))
    var overwrite = FitRequest.Overwriting.never

    @Flag(help: "Fit inputs again whose outputs are there.")
    var again = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Text after the stem of each output's name, such as -small.", valueName: "text"),
        transform: ArgumentParsing.suffix)
    var suffix: OutputNameTemplate?

    @Option(
        help: ArgumentHelp(
            "Names of outputs: '{stem}-{width}x{height}.{ext}', of which {stem} and .{ext} are needed.",
            valueName: "pattern"),
        transform: ArgumentParsing.namePattern)
    var name: OutputNameTemplate?

    @Flag(help: "Do not give outputs the permissions, dates and extended attributes of their inputs.")
    var noPreserve = false

    /// The destination for the given inputs.
    func destination(for inputs: [FilePath]) -> FitRequest.Destination {
        guard !inPlace, let output else { return .inPlace }
        if output.path.isDash { return .stream(.standardOutput) }
        guard inputs.count == 1, !FileSystem.isFolder(inputs[0]), output.namesFile else { return .folder(output.path) }
        return .file(output.path)
    }

    /// Refuses options that contradict each other.
    func check(inputs: [FilePath], format: FitPolicy.OutputFormat, printsJSON: Bool, plans: Bool) throws {
        let isPiped = inputs.contains { $0.isDash }
        guard suffix == nil || name == nil else {
            throw ValidationError("--suffix and --name both name outputs; give one")
        }
        if inPlace {
            guard output == nil else { throw ValidationError("--in-place replaces the inputs; omit -o") }
            guard format == .automatic || format == .keep else {
                throw ValidationError("--in-place keeps every file's name and so its format; omit --format")
            }
            guard !isPiped else { throw ValidationError("--in-place cannot replace standard input") }
            guard suffix == nil, name == nil else {
                throw ValidationError("--in-place keeps every file's name; omit --suffix and --name")
            }
        } else {
            guard let output else {
                throw ValidationError("no output is given: pass -o DIR, '-o -' for standard output, or --in-place")
            }
            guard !output.path.isEmpty else { throw ValidationError("-o needs the name of a folder") }
            if output.path.isDash { try checkStandardOutput(inputs, printsJSON: printsJSON, plans: plans) }
        }
        if isPiped, FileDescriptor.standardInput.isTerminal {
            throw ValidationError("'-' reads an image from standard input, which is a terminal; pipe one in")
        }
    }

    private func checkStandardOutput(_ inputs: [FilePath], printsJSON: Bool, plans: Bool) throws {
        guard inputs.count == 1, let input = inputs.first else {
            throw ValidationError("'-o -' writes one image; pass one INPUT")
        }
        if FileSystem.isFolder(input), !input.isDash {
            throw ValidationError("'-o -' writes one image, and \(PrintableName.of(input)) is a folder")
        }
        guard !printsJSON || plans else {
            throw ValidationError(
                "'-o -' writes the image to standard output, where --json writes too; omit one of them")
        }
        guard plans || !OutputStream.standardOutput.isTerminal else {
            throw ValidationError("standard output is a terminal; redirect it to a file or into a program")
        }
    }
}

/// Choices within the limits.
struct ImageOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Output format: auto, jpeg, png, webp or keep (the input's). (default: auto)", valueName: "format"),
        completion: .list(["auto", "jpeg", "png", "webp", "keep"]), transform: ArgumentParsing.format)
    var format = FitPolicy.OutputFormat.automatic

    @Option(help: "best, or stepped (the textbook method).")
    var strategy = FitPolicy.Strategy.best

    @Option(
        help: "For best: default, or fast: two thirds of the CPU and half a point of SSIMULACRA2 less at the same size."
    )
    var effort = FitPolicy.Effort.standard

    @Flag(help: "Never give up pixels to reach the limit of bytes.")
    var keepSize = false

    @Option(
        help: ArgumentHelp("Sides of outputs over those of inputs, at most: 50%, or 0.5.", valueName: "share"),
        transform: ArgumentParsing.share)
    var scale: Double?

    @Option(
        help: ArgumentHelp("The exact size of every output, with --crop or --pad.", valueName: "WxH"),
        transform: ArgumentParsing.exactSize)
    var size: ExactFrame?

    @Flag(help: "Fill --size with the middle of the image.")
    var crop = false

    @Flag(
        help: "Lay the whole image into --size, on --background. (default: white; transparent images stay transparent)")
    var pad = false

    @Flag(help: "Make JPEG and PNG files smaller without changing a pixel.")
    var lossless = false

    @Option(
        help: ArgumentHelp(
            "With --lossless, leave image data alone that would become less than this smaller: 5%.",
            valueName: "share"),
        transform: ArgumentParsing.share)
    var minSaving: Double?

    @Flag(help: "Write JPEGs in one scan, for readers that know no progressive ones.")
    var baseline = false

    @Option(
        help: ArgumentHelp("Lowest JPEG quality, 1 to 100. (default: 50)", valueName: "q"),
        transform: ArgumentParsing.quality)
    var qualityFloor = 50

    @Option(
        help: ArgumentHelp(
            "Highest JPEG quality, 1 to 100. (default: the JPEG's own where its size is kept, else 95)", valueName: "q"),
        transform: ArgumentParsing.quality)
    var qualityCeiling: Int?

    @Option(help: "Chroma resolution of JPEG outputs: auto, 4:2:0 or 4:4:4.")
    var chroma = FitPolicy.ChromaChoice.automatic

    @Option(
        help: ArgumentHelp(
            "Palettes of at most 256 colours in PNG outputs; always makes every output such a PNG.", valueName: "when"))
    var palette = FitPolicy.Use.automatic

    @Option(help: ArgumentHelp("Diffuse the errors where colours are given up to a palette.", valueName: "when"))
    var dither = FitPolicy.Use.automatic

    @Option(
        help: ArgumentHelp(
            "strip; keep; kinds to keep (gps, exif, xmp, iptc, icc, comment, copyright), or to drop: no-gps. (default: strip)",
            valueName: "kinds"),
        completion: .list(["strip", "keep", "no-gps"] + FitPolicy.Metadata.Kind.allCases.map(\.rawValue)),
        transform: ArgumentParsing.metadata)
    var metadata: FitPolicy.Metadata?

    @Flag(help: "Pass on a sound file that complies byte for byte: with its metadata, orientation and colours.")
    var copyCompliant = false

    @Flag(help: "Convert the colours of every output to sRGB.")
    var toSrgb = false

    @Option(
        help: ArgumentHelp(
            "Flatten transparent images onto a colour: #rrggbb, #rgb or a name. (default: keep alpha)",
            valueName: "colour"),
        completion: .list(RGBColour.knownNames), transform: ArgumentParsing.colour)
    var background: RGBColour?

    @Option(
        help: ArgumentHelp(
            "The frame of an animation, or the page of a TIFF, that becomes the output, from 1. (default: all of an animation "
                + "that complies, else the first)",
            valueName: "n"),
        transform: ArgumentParsing.page)
    var page: Int?

    @Flag(help: "Recover partial images from damaged files; missing parts are filled.")
    var salvage = false

    func validate() throws {
        if size != nil {
            guard crop != pad else { throw ValidationError("--size needs --crop or --pad, one of them") }
            guard metadata ?? .strip == .strip else {
                throw ValidationError("--size makes a new image, which keeps no metadata; omit --metadata")
            }
            guard !lossless else { throw ValidationError("--size changes pixels, and --lossless must not; omit one") }
        } else if crop || pad {
            throw ValidationError("\(crop ? "--crop" : "--pad") is about --size WxH; give that too")
        }
        guard !copyCompliant || metadata ?? .keep == .keep else {
            throw ValidationError("--copy-compliant passes files on with all metadata; omit it, or --metadata")
        }
        guard palette != .always || format == .automatic || format == .png || format == .keep else {
            throw ValidationError("--palette always makes PNGs; omit --format \(format.rawValue)")
        }
        guard palette != .always || !lossless else {
            throw ValidationError("--palette always gives up colours, and --lossless must not; omit one")
        }
        guard palette != .never || dither == .automatic else {
            throw ValidationError("--dither is about palettes; omit it, or --palette never")
        }
        guard minSaving == nil || lossless else {
            throw ValidationError("--min-saving is about --lossless; give that too")
        }
    }

    /// The policy that the options make.
    var policy: FitPolicy {
        var policy = FitPolicy(
            strategy: strategy, effort: effort, keepsSize: keepSize, qualityFloor: qualityFloor,
            qualityCeiling: qualityCeiling, format: format, metadata: metadata ?? .strip, chroma: chroma,
            background: background, recoversPartialImages: salvage)
        policy.palette = palette
        policy.dither = dither
        policy.copiesCompliant = copyCompliant
        policy.convertsToSRGB = toSrgb
        policy.maximumScale = scale
        policy.isLossless = lossless
        policy.minimumSaving = minSaving ?? 0
        policy.frame = size.map { ExactFrame(width: $0.width, height: $0.height, filling: crop ? .crop : .pad) }
        policy.isBaseline = baseline
        policy.page = page
        return policy
    }
}

/// The inputs.
struct InputSelection: ParsableArguments {
    @Argument(help: "Files, folders, or '-' for standard input.")
    var input: [PathArgument] = []

    @OptionGroup var list: InputListOptions

    @Flag(help: "Do not walk into subfolders.")
    var noRecursive = false

    @Flag(help: "Follow symbolic links inside folders.")
    var followLinks = false

    /// The arguments as paths.
    var paths: [FilePath] { input.map(\.path) }

    func validate() throws { try list.check(paths, named: "files, folders, '-',") }

    /// All inputs: the arguments, and those in the list.
    func allPaths() throws -> [FilePath] { try paths + list.names() }
}
