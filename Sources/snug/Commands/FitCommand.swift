// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage
import SnugPipeline
import SnugSystem
import SystemPackage

/// `snug fit`.
struct FitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit", _superCommandName: "snug",
        abstract: "Fits images under limits of bytes and pixels.",
        discussion: """
            INPUT is a file, a folder or '-' for standard input. Folders are walked with their subfolders and mirrored \
            below the output folder: one folder directly, several each under its own name. Hidden files are left out; \
            files that are no images are skipped.

            A file that already complies is checked to its end; its metadata goes, without loss, and it is turned \
            upright. Everything else is fitted at the best quality that the limit allows. Outputs appear whole or not \
            at all, with the dates and permissions of their inputs.

            A second run fits only what is new: an output is done when it was made from the same file with the same \
            options. An image on standard input is known by its content. A file that snug did not make is left alone, \
            and reported, unless --overwrite says otherwise.

            An output keeps its input's name, with the extension of its format. Where two inputs would get the same \
            name, the converted one keeps its extension too: a.png becomes a.png.jpg beside a.jpg. An output of an \
            earlier run keeps its name whatever inputs come later.

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
    @OptionGroup(title: "State") var state: StateOptions
    @OptionGroup(title: "Configuration") var settings: ConfigurationOptions

    mutating func validate() throws {
        try output.check(inputs: inputs.paths, format: images.format, printsJSON: running.json, plans: running.dryRun)
        if let ceiling = images.qualityCeiling, images.qualityFloor > ceiling {
            throw ValidationError("--quality-floor \(images.qualityFloor) is above --quality-ceiling \(ceiling)")
        }
        let formats = limits.limits.formats
        if let trait = images.format.imageFormat?.missingTrait {
            throw ValidationError(
                "this build has no \(trait); build it with the package trait \(trait), or omit --format")
        }
        if let only = images.format.imageFormat, !formats.contains(only), let profile = limits.profile {
            throw ValidationError("\(profile.name) does not take \(only); omit --format")
        }
    }

    /// The run that the options ask for.
    func request() throws -> FitRequest {
        var policy = images.policy
        policy.decodingLimits = inputLimits.inputLimits
        let paths = try inputs.allPaths()
        let destination = output.destination(for: paths)
        // The name of a file says its format.
        var named = FitPolicy.OutputFormat.automatic
        if case .file(let path) = destination, output.output?.namesImage == true {
            let name = path.extension ?? "auto"
            guard let format = try? ArgumentParsing.format(name) else {
                throw ValidationError(
                    "\(PrintableName.of(path)): JPEG, PNG and WebP are written, not \(PrintableName.escaped(name)); end the "
                        + "name in .jpg, .png or .webp")
            }
            named = format
            guard [.automatic, .keep, named].contains(policy.format) else {
                throw ValidationError(
                    "\(PrintableName.of(path)) is the name of another format than --format \(policy.format.rawValue); omit "
                        + "--format, or change the name")
            }
            if policy.format == .automatic { policy.format = named }
        }
        // In place, a name cannot change, and so the format must not.
        if destination == .inPlace { policy.format = .keep }
        var limits = limits.limits
        if self.limits.profile == nil { limits = limits.accepting(policy.format) }
        if policy.format == .keep, let only = named.imageFormat { limits.formats.formIntersection([only]) }
        // Nothing is asked for but to be smaller.
        if images.lossless, self.limits.limit == nil, self.limits.profile == nil {
            (limits.byteLimit, limits.counting) = (FitRecord.noByteLimit, .raw)
        }
        var request = FitRequest(
            inputs: paths, destination: destination, limits: limits, policy: policy,
            maximumConcurrency: running.jobCount)
        request.isRecursive = !inputs.noRecursive
        request.followsLinks = inputs.followLinks
        request.overwriting = output.overwrite
        request.fitsAgain = output.again || output.overwrite == .always
        request.nameTemplate = output.name ?? output.suffix
        request.preservesAttributes = !output.noPreserve
        request.isDryRun = running.dryRun
        request.standardInput = .standardInput
        return request
    }

    mutating func run() async throws { try await run(Interruption()) }

    /// Runs until all is done or a signal comes.
    func run(_ interruption: Interruption) async throws {
        var request = try await CommandFailure.told { try self.request() }
        let configuration = ImageFitter.Configuration(
            memory: running.memory?.bytes, threads: request.maximumConcurrency,
            isolation: running.isolate ? .everything : .riskyFormats)
        request.maximumStandardInputBytes = max(configuration.memory / 2, 1 << 20)
        let temporaries = TemporaryFiles()
        let reporter = FitReporter(style: running.style(isPlan: request.isDryRun))
        let memory = LedgerOutputs(try state.ledgerPath)
        request.memory = memory
        let fitter = ImageFitter(configuration: configuration)
        let run = FitRun(request, fitter: fitter, temporaries: temporaries)
        let error = await Self.perform(run, reporter, interruption, temporaries)
        await memory.close()
        reporter.end(interrupted: interruption.hasCome)
        if let report = running.report, !interruption.hasCome {
            try await CommandFailure.told { try await report.write(reporter.records, fitter: fitter) }
        }
        if interruption.hasCome { throw ExitCode(Interruption.exitCode) }
        if let error, !(error is CancellationError) {
            if let error = error as? ImageError, error.code == .invalidArgument {
                // Found by the walk only, when parsing is over.
                let message = error.message.replacing(
                    "replace the files in place", with: "pass --in-place to replace the files")
                OutputStream.standardError.writeLine("Error: \(message)")
                throw ExitCode(64)
            }
            OutputStream.standardError.writeLine("snug: internal error: \(error)")
            throw ExitCode(70)
        }
        if running.json { try OutputStream.standardOutput.checkDelivered() }
        // A reader of the results that has gone has stopped the run: not all is done.
        if reporter.report.count(.failed) > 0 || error != nil { throw ExitCode(1) }
    }

    private static func perform(
        _ run: FitRun, _ reporter: FitReporter, _ interruption: Interruption, _ temporaries: TemporaryFiles
    ) async -> (any Error)? {
        // Tasks of their own, because a signal cannot reach into a structured one. The run begins once signals reach it.
        let (canBegin, gate) = AsyncStream<Void>.makeStream()
        let work = Task {
            for await _ in canBegin {}
            return try await run.run { try reporter.handle($0) }
        }
        let ticks = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: ProgressLine.minimumInterval)
                reporter.tick()
            }
        }
        interruption.handle(stop: { work.cancel() }, cleanUp: { temporaries.removeAll() })
        gate.finish()
        let result = await work.result
        ticks.cancel()
        _ = await ticks.result
        if case .failure(let error) = result { return error }
        return nil
    }
}
