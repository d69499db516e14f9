// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage
import SnugPipeline
import SnugSystem
import SystemPackage

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

    @Flag(
        help:
            "Handle every image in a process without files and network, where a fault of a codec costs that image only."
    )
    var isolate = false

    @Flag(name: [.customShort("n"), .long], help: "Show the plan, and write nothing.")
    var dryRun = false

    @Flag(help: "Print one JSON object a line for each input.")
    var json = false

    @Flag(name: [.short, .long], help: "Print errors only.")
    var quiet = false

    @Flag(name: [.short, .long], help: "Print a line for each file on a terminal too, with encodes and seconds.")
    var verbose = false

    @Option(
        help: ArgumentHelp(
            "Write a report of all files: .csv, .json, or .html with thumbnails before and after.", valueName: "file"),
        completion: .file(extensions: ["csv", "json", "html"]), transform: ArgumentParsing.report)
    var report: ReportFile?

    func validate() throws {
        guard !quiet || !verbose else { throw ValidationError("--quiet and --verbose contradict each other") }
    }

    /// Images at once, bounded because each takes a thread.
    var jobCount: Int { min(jobs ?? Machine.usableCoreCount, 256) }

    /// The style of reporting.
    func style(isPlan: Bool) -> FitReporter.Style {
        let isLive = OutputStream.standardError.isTerminal && !Terminal.isDumb && !quiet
        return FitReporter.Style(
            isQuiet: quiet, printsJSON: json, isLive: isLive && !isPlan && !verbose, keepsRecords: report != nil,
            isVerbose: verbose, isPlan: isPlan,
            paint: Paint(isOn: isLive && !Terminal.refusesColour), fallbackColumns: Terminal.columnsByEnvironment ?? 80)
    }
}
