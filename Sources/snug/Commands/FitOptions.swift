// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where outputs go.
struct OutputOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The folder for outputs, made when missing; '-' for standard output.", valueName: "dir"),
        completion: .directory)
    var output: PathArgument?

    @Flag(help: "Replace each input by its output, in its own format.")
    var inPlace = false

    @Flag(help: "Replace outputs that are there already.")
    var overwrite = false

    /// Where the options say.
    var destination: FitRequest.Destination {
        guard !inPlace, let output else { return .inPlace }
        return output.path.bytes == [0x2D] ? .standardOutput : .folder(output.path)
    }

    /// Refuses what contradicts itself.
    func check(inputs: [FilePath], format: FitPolicy.OutputFormat, printsJSON: Bool, plans: Bool) throws {
        let isPiped = inputs.contains { $0.bytes == [0x2D] }
        if inPlace {
            guard output == nil else { throw ValidationError("--in-place replaces the inputs; leave -o out") }
            guard format == .automatic || format == .keep else {
                throw ValidationError("--in-place keeps every file's name and so its format; leave --format out")
            }
            guard !isPiped else { throw ValidationError("--in-place cannot replace standard input") }
        } else {
            guard let output else {
                throw ValidationError("say where outputs go: -o DIR, '-o -' for standard output, or --in-place")
            }
            guard !output.path.isEmpty else { throw ValidationError("-o needs the name of a folder") }
            if destination == .standardOutput { try checkStandardOutput(inputs, printsJSON: printsJSON, plans: plans) }
        }
        if isPiped, StandardInput.isTerminal {
            throw ValidationError("'-' reads an image from standard input, which is a terminal; pipe one in")
        }
    }

    private func checkStandardOutput(_ inputs: [FilePath], printsJSON: Bool, plans: Bool) throws {
        guard inputs.count == 1, let input = inputs.first else {
            throw ValidationError("'-o -' writes one image; give one INPUT")
        }
        if (try? FileIdentity(of: input, followsLinks: true).kind) == .folder, input.bytes != [0x2D] {
            throw ValidationError("'-o -' writes one image, and \(PrintableName.of(input)) is a folder")
        }
        guard !printsJSON || plans else { throw ValidationError("'-o -' writes the image where --json would write") }
        guard plans || !OutputStream.standardOutput.isTerminal else {
            throw ValidationError("standard output is a terminal; redirect it to a file or into a program")
        }
    }
}

/// How images are made.
struct ImageOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Output format: auto, jpeg, png or keep (the input's). (default: auto)", valueName: "format"),
        completion: .list(["auto", "jpeg", "png", "keep"]), transform: ArgumentParsing.format)
    var format = FitPolicy.OutputFormat.automatic

    @Option(help: "best, or stepped: the textbook method.")
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

    @Option(help: "strip, or keep EXIF, XMP and colour profile.")
    var metadata = FitPolicy.Metadata.strip

    @Option(
        help: ArgumentHelp(
            "Lay transparent images on a colour: #rrggbb, #rgb or a name. (default: keep alpha)", valueName: "colour"),
        transform: ArgumentParsing.colour)
    var background: RGBColour?

    @Flag(help: "Deliver what is there of damaged images, the rest filled.")
    var salvage = false

    /// The policy that comes of it.
    var policy: FitPolicy {
        FitPolicy(
            strategy: strategy, effort: effort, keepsSize: keepSize, qualityFloor: qualityFloor,
            qualityCeiling: qualityCeiling, format: format, metadata: metadata, chroma: chroma, background: background,
            recoversPartialImages: salvage)
    }
}

/// Which inputs are taken.
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

/// How a run goes about it.
struct RunningOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Images at once. (default: the number of cores)", valueName: "n"),
        transform: ArgumentParsing.positive)
    var jobs: Int?

    @Option(
        help: ArgumentHelp("Memory for all jobs together. (default: half of the machine's)", valueName: "size"),
        transform: ArgumentParsing.positiveByteCount)
    var memory: ByteCount?

    @Flag(name: [.customShort("n"), .long], help: "Say what would be done, and write nothing.")
    var dryRun = false

    @Flag(help: "Print one JSON object a line for each input.")
    var json = false

    @Flag(name: [.short, .long], help: "Print errors only.")
    var quiet = false

    /// Images at once, within reason: each takes a thread.
    var jobCount: Int { min(jobs ?? Terminal.coreCount, 256) }

    /// How the run is told about.
    func style(isPlan: Bool) -> FitReporter.Style {
        let isLive = OutputStream.standardError.isTerminal && !Terminal.isDumb && !quiet
        return FitReporter.Style(
            isQuiet: quiet, printsJSON: json, isLive: isLive && !isPlan, isPlan: isPlan,
            paint: Paint(isOn: isLive && !Terminal.refusesColour), fallbackColumns: Terminal.columnsByEnvironment ?? 80)
    }
}
