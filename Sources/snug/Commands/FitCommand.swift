// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage
import SystemPackage

/// `snug fit`.
struct FitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit",
        abstract: "Fits images under limits of bytes and pixels.",
        discussion: """
            INPUT is a file, a folder or '-' for standard input. Folders are walked with their subfolders and mirrored \
            below the output folder: one folder directly, several each under its own name. Hidden files are left out; \
            what is no image is skipped.

            A file that complies already is checked to its end and copied as it is. Everything else is made to comply \
            at the best quality that the limit allows. An output that is there already is left alone, so a second run \
            does only what is new. Outputs appear whole or not at all.

            An output keeps its input's name, with the extension of its format. Where two inputs would get the same \
            name, the converted one keeps its extension too: a.png becomes a.png.jpg beside a.jpg.

            Examples:
              snug fit photos/ -o out/ --limit 5MB
              snug fit photos/ -o out/ --for anthropic-vision --jobs 4
              snug fit *.jpg --in-place --limit 2MiB --max-side 4096
              curl -s URL | snug fit - -o - > small.jpg
              snug fit photos/ -o out/ --json | jq 'select(.status == "failed")'
            """)

    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "Images") var images: ImageOptions
    @OptionGroup(title: "Inputs") var inputs: InputSelection
    @OptionGroup(title: "Guards against hostile inputs") var inputLimits: InputOptions
    @OptionGroup(title: "Running") var running: RunningOptions

    mutating func validate() throws {
        try output.check(inputs: inputs.paths, format: images.format, printsJSON: running.json, plans: running.dryRun)
        if let ceiling = images.qualityCeiling, images.qualityFloor > ceiling {
            throw ValidationError("--quality-floor \(images.qualityFloor) is above --quality-ceiling \(ceiling)")
        }
        let formats = limits.limits.formats
        if let only = images.format.imageFormat, !formats.contains(only), let profile = limits.profile {
            throw ValidationError("\(profile.name) does not take \(only); leave --format out")
        }
    }

    /// The request that the options make.
    func request() throws -> FitRequest {
        var policy = images.policy
        policy.decodingLimits = inputLimits.inputLimits
        let destination = output.destination
        // In place, a name cannot change, and so the format must not.
        if destination == .inPlace { policy.format = .keep }
        return FitRequest(
            inputs: inputs.paths, destination: destination, limits: limits.limits, policy: policy,
            isRecursive: !inputs.noRecursive, followsLinks: inputs.followLinks, overwrites: output.overwrite,
            isDryRun: running.dryRun, jobs: running.jobCount)
    }

    mutating func run() async throws { try await run(Interruption()) }

    /// Runs until all is done or a signal comes.
    func run(_ interruption: Interruption) async throws {
        let request = try request()
        let configuration = ImageFitter.Configuration(memory: running.memory?.bytes, threads: request.jobs)
        let fitter = ImageFitter(configuration: configuration)
        let temporaries = TemporaryFiles()
        let reporter = FitReporter(style: running.style(isPlan: request.isDryRun))
        var bounded = request
        bounded.maximumStandardInputBytes = max(configuration.memory / 2, 1 << 20)
        let run = FitRun(
            request: bounded, reporter: reporter, publisher: Publisher(temporaries: temporaries),
            threads: try BlockingThreads(count: request.jobs + 2),
            fit: { try await fitter.fit($0, limits: $1, policy: $2) })
        let error = await Self.perform(run, reporter, interruption, temporaries)
        reporter.end(interrupted: interruption.hasCome)
        if interruption.hasCome { throw ExitCode(Interruption.exitCode) }
        if let error, !(error is CancellationError) {
            if let error = error as? ImageError, error.code == .invalidArgument {
                // Only the walk shows this, and by then it is no parsing error any more.
                OutputStream.standardError.writeLine("Error: \(error.message)")
                throw ExitCode(64)
            }
            OutputStream.standardError.writeLine("snug: internal error: \(error)")
            throw ExitCode(70)
        }
        if running.json { try OutputStream.standardOutput.checkDelivered() }
        // A reader of the results that has gone has stopped the run: not all is done.
        if reporter.summary.count(.failed) > 0 || error != nil { throw ExitCode(1) }
    }

    private static func perform(
        _ run: FitRun, _ reporter: FitReporter, _ interruption: Interruption, _ temporaries: TemporaryFiles
    ) async -> (any Error)? {
        // Tasks of their own, because a signal cannot reach into a structured one.
        let work = Task { try await run.run() }
        let ticks = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: ProgressLine.minimumInterval)
                reporter.tick()
            }
        }
        interruption.handle(stop: { work.cancel() }, cleanUp: { temporaries.removeAll() })
        let result = await work.result
        ticks.cancel()
        _ = await ticks.result
        if case .failure(let error) = result { return error }
        return nil
    }
}

extension FitPolicy.OutputFormat {
    /// The one format that this asks for; `nil` where it depends on the input.
    fileprivate var imageFormat: ImageFormat? {
        switch self {
        case .jpeg: .jpeg
        case .png: .png
        case .automatic, .keep: nil
        }
    }
}
