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

    @Flag(help: "Replace outputs that are there already.")
    var overwrite = false

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
        if inPlace {
            guard output == nil else { throw ValidationError("--in-place replaces the inputs; omit -o") }
            guard format == .automatic || format == .keep else {
                throw ValidationError("--in-place keeps every file's name and so its format; omit --format")
            }
            guard !isPiped else { throw ValidationError("--in-place cannot replace standard input") }
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
            "Output format: auto, jpeg, png or keep (the input's). (default: auto)", valueName: "format"),
        completion: .list(["auto", "jpeg", "png", "keep"]), transform: ArgumentParsing.format)
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
        help: ArgumentHelp("Lowest JPEG quality, 1 to 100. (default: 50)", valueName: "q"),
        transform: ArgumentParsing.quality)
    var qualityFloor = 50

    @Option(
        help: ArgumentHelp(
            "Highest JPEG quality, 1 to 100. (default: the JPEG's own, 95 for other pixels)", valueName: "q"),
        transform: ArgumentParsing.quality)
    var qualityCeiling: Int?

    @Option(help: "Chroma resolution of JPEG outputs: auto, 4:2:0 or 4:4:4.")
    var chroma = FitPolicy.ChromaChoice.automatic

    @Option(help: "strip, or keep: EXIF, XMP and colour profile.")
    var metadata = FitPolicy.Metadata.strip

    @Option(
        help: ArgumentHelp(
            "Flatten transparent images onto a colour: #rrggbb, #rgb or a name. (default: keep alpha)",
            valueName: "colour"),
        transform: ArgumentParsing.colour)
    var background: RGBColour?

    @Flag(help: "Recover partial images from damaged files; missing parts are filled.")
    var salvage = false

    /// The policy that the options make.
    var policy: FitPolicy {
        FitPolicy(
            strategy: strategy, effort: effort, keepsSize: keepSize, qualityFloor: qualityFloor,
            qualityCeiling: qualityCeiling, format: format, metadata: metadata, chroma: chroma, background: background,
            recoversPartialImages: salvage)
    }
}

/// The inputs.
struct InputSelection: ParsableArguments {
    @Argument(help: "Files, folders, or '-' for standard input.")
    var input: [PathArgument]

    @Flag(help: "Do not walk into subfolders.")
    var noRecursive = false

    @Flag(help: "Follow symbolic links inside folders.")
    var followLinks = false

    /// The arguments as paths.
    var paths: [FilePath] { input.map(\.path) }
}

/// Resources and reporting of a run.
struct RunningOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Images at once. (default: the number of cores)", valueName: "n"),
        transform: ArgumentParsing.positive)
    var jobs: Int?

    @Option(
        help: ArgumentHelp("Memory for all images at once. (default: half of the machine's)", valueName: "size"),
        transform: ArgumentParsing.positiveByteCount)
    var memory: ByteCount?

    @Flag(name: [.customShort("n"), .long], help: "Show the plan, and write nothing.")
    var dryRun = false

    @Flag(help: "Print one JSON object a line for each input.")
    var json = false

    @Flag(name: [.short, .long], help: "Print errors only.")
    var quiet = false

    /// Images at once, bounded because each takes a thread.
    var jobCount: Int { min(jobs ?? Machine.usableCoreCount, 256) }

    /// The style of reporting.
    func style(isPlan: Bool) -> FitReporter.Style {
        let isLive = OutputStream.standardError.isTerminal && !Terminal.isDumb && !quiet
        return FitReporter.Style(
            isQuiet: quiet, printsJSON: json, isLive: isLive && !isPlan, isPlan: isPlan,
            paint: Paint(isOn: isLive && !Terminal.refusesColour), fallbackColumns: Terminal.columnsByEnvironment ?? 80)
    }
}
