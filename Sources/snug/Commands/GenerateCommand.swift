// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugUpload
import SystemPackage

/// `snug generate`.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Makes images from prompts, and never pays for one twice.",
        discussion: """
            The key comes from POLLINATIONS_API_KEY, ELUMENTA_API_KEY or OPENAI_API_KEY, or from a file.

            What is sent is recorded first. A command that was interrupted, by Ctrl-C, a lost answer or a power cut, goes \
            on where it stopped when it is given again, and what was paid for is fetched instead of made anew. Where the \
            provider cannot be asked what became of a submission, it is held: --pending lists it, --retry sends it again \
            (and may be paid for a second time), --drop forgets it.

            A line of a batch is an object with prompt and, where it differs from the options, model, fallback_models, \
            size, n, images, mask, seed, format, partial_images, parameters, output. Lines that are done are not done \
            again as long as their images are there.

            Examples:
              snug generate 'a lighthouse at dusk' --provider pollinations
              snug generate 'at night' --provider openai --image day.jpg -o night.png
              snug generate --batch prompts.jsonl --provider elumenta -o out/ --json
              snug generate 'a cat' --provider elumenta --model photon-1 --dry-run
              snug generate --pending
            """)

    @OptionGroup(title: "What") var wish: GenerateRequestOptions
    @OptionGroup(title: "Who") var access: ProviderOptions
    @OptionGroup(title: "Where to") var output: GenerateOutputOptions
    @OptionGroup(title: "How") var running: GenerateRunningOptions
    @OptionGroup(title: "Instead of a prompt") var other: GenerateHousekeepingOptions

    mutating func validate() throws {
        if other.isUsed {
            guard wish.prompt == nil, running.batch == nil else {
                throw ValidationError("--pending, --retry and --drop go without a prompt")
            }
            return
        }
        guard (wish.prompt == nil) != (running.batch == nil) else {
            throw ValidationError(
                wish.prompt == nil
                    ? "what shall be made? Give a PROMPT or --batch FILE" : "give PROMPT or --batch, not both")
        }
        let provider = try access.makeProvider()
        if wish.prompt == "-" || running.batch?.path.bytes == [0x2D], StandardInput.isTerminal {
            throw ValidationError("'-' reads standard input, which is a terminal; pipe something in")
        }
        if running.batch != nil, let output = output.output, !output.endsInSlash, !ImageNaming.isFolder(output.path),
            (try? FileIdentity(of: output.path, followsLinks: true)) != nil
        {
            throw ValidationError("with --batch, -o names a folder, and \(PrintableName.of(output.path)) is a file")
        }
        try checkHost(try wish.request(), provider)
    }

    /// A provider that takes addresses only needs to be given one.
    private func checkHost(_ request: GenerationRequest, _ provider: Provider) throws {
        guard provider.takesAddressesOnly, output.host == nil, !GenerationWork.files(of: request).isEmpty else {
            return
        }
        throw ValidationError(
            "\(provider.name) takes images by address only; give an address, or say with --host where to put them: "
                + "pollinations, or s3://bucket")
    }

    mutating func run() async throws { try await run(Interruption()) }

    /// Runs until all is done or a signal comes.
    func run(_ interruption: Interruption) async throws {
        try await CommandFailure.told {
            let journal = try FileJournal(try WorkingFolder.absolute(running.directory).appending("journal"))
            let temporaries = TemporaryFiles()
            let work = Task {
                try await CommandFailure.told {
                    other.isUsed
                        ? try await settle(journal, temporaries) : try await generate(journal, temporaries)
                }
            }
            interruption.handle(stop: { work.cancel() }, cleanUp: { temporaries.removeAll() })
            let isAllDone: Bool
            do {
                isAllDone = try await work.value
            } catch is CancellationError {
                throw ExitCode(Interruption.exitCode)
            }
            if interruption.hasCome { throw ExitCode(Interruption.exitCode) }
            if running.json { try OutputStream.standardOutput.checkDelivered() }
            if !isAllDone { throw ExitCode(1) }
        }
    }

    // MARK: Prompts

    /// - Returns: Whether all of it is done.
    private func generate(_ journal: FileJournal, _ temporaries: TemporaryFiles) async throws -> Bool {
        let provider = try access.makeProvider()
        // Nothing wrong with a prompt has to wait for a key.
        let threads = try BlockingThreads(count: 1)
        let lines = try await threads.run { _ in try prompts(for: provider) }
        let access = try self.access(provider, journal, temporaries, jobs: min(running.jobs, lines.count))
        // Keys change, the work stays the same.
        let service = "\(provider.name) \(provider.baseURL.text)"
        let works = try await threads.run { _ in try self.works(lines, service) }
        let isBatch = running.batch != nil
        let reporter = GenerateReporter(style(isBatch: isBatch), provider: provider.name, total: works.count)
        if isBatch || !running.dryRun {
            for warning in access.warnings { reporter.note("warning: \(warning)") }
        }
        if running.dryRun {
            return try await DryRun(access, json: running.json, isBatch: isBatch).run(works)
        }
        if provider.takesAddressesOnly, let notice = output.host?.notice, works.contains(where: { !$0.files.isEmpty }) {
            reporter.note(notice)
        }
        let session = GenerateSession(client: access.client, journal: journal, reporter: reporter, keeps: isBatch)
        do {
            try await reporter.ticking { try await session.run(works, jobs: running.jobs) }
        } catch {
            reporter.end(access.client.counters.report, isInterrupted: true)
            throw error
        }
        reporter.end(access.client.counters.report)
        if isBatch { await PendingGenerations(journal: journal).forgetOld(reporter) }
        if !isBatch, reporter.summary.invalid > 0 { throw ExitCode(64) }
        return reporter.summary.isAllDone
    }

    private func access(
        _ provider: Provider, _ journal: FileJournal, _ temporaries: TemporaryFiles, jobs: Int
    ) throws -> GenerationAccess {
        var equipment = GenerationAccess.Equipment()
        equipment.settings = try running.options
        equipment.journal = journal
        equipment.host = output.host
        equipment.jobs = jobs
        equipment.temporaries = temporaries
        return try GenerationAccess(provider, access, equipment)
    }

    private func style(isBatch: Bool) -> GenerateReporter.Style {
        GenerateReporter.Style(
            isQuiet: running.quiet, printsJSON: running.json, isVerbose: running.verbose, isBatch: isBatch)
    }

    /// What is asked for, checked as far as that goes without asking anybody. Blocks.
    private func prompts(for provider: Provider) throws -> [BatchFile.Line] {
        var request = try wish.request()
        guard let path = running.batch?.path else {
            request.prompt = try prompt()
            try provider.validate(request)
            return [BatchFile.Line(number: 0, request: request, output: nil)]
        }
        let text = try TextFile.read(path, maximumBytes: 64 << 20)
        let batch = BatchFile(text, defaults: request) { request in
            try provider.validate(request)
            try checkHost(request, provider)
            for file in GenerationWork.files(of: request) {
                do throws(ImageError) {
                    _ = try ImageSource(file: file)
                } catch {
                    throw ValidationError("\(PrintableName.of(WorkingFolder.shown(file))): \(error.message)")
                }
            }
        }
        for fault in batch.faults {
            OutputStream.standardError.writeLine("line \(fault.number): \(PrintableName.escaped(fault.message))")
        }
        guard batch.faults.isEmpty else {
            throw ValidationError("nothing was sent: \(batch.faults.count) of the lines cannot be right")
        }
        guard !batch.lines.isEmpty else { throw ValidationError("\(PrintableName.of(path)) has no prompts in it") }
        return batch.lines
    }

    private func prompt() throws -> String {
        let argument = wish.prompt ?? ""
        if argument == "-" {
            // The line end is the shell's.
            let text = try TextFile.read("-", maximumBytes: 1 << 20)
            return text.last?.isNewline == true ? String(text.dropLast()) : text
        }
        guard let text = String(validating: RawArguments.decode(argument), as: UTF8.self) else {
            throw ValidationError("the prompt is not UTF-8")
        }
        return text
    }

    /// Gives everything its place and its name. Blocks.
    private func works(_ lines: [BatchFile.Line], _ service: String) throws -> [GenerationWork] {
        var naming = WorkNaming(service: service)
        let folder = try output.output.map { try WorkingFolder.absolute($0.path) } ?? WorkingFolder.current()
        return try lines.map { line in
            let prompt = line.request.prompt
            let destination: ImageDestination
            if let own = line.output {
                do {
                    destination = try ImageNaming.destination(
                        own, below: folder, prompt: prompt, replaces: output.overwrite)
                } catch let error as ValidationError {
                    throw ValidationError("line \(line.number): output \(error.message)")
                }
            } else if running.batch != nil {
                destination = ImageDestination(
                    folder: folder, name: ImageNaming.slug(prompt), replaces: output.overwrite)
            } else {
                destination = try ImageNaming.destination(
                    output.output, prompt: prompt, replaces: output.overwrite)
            }
            let name = try naming.name(line.request, destination)
            return GenerationWork(
                line: line.number > 0 ? line.number : nil, request: line.request, destination: destination, name: name)
        }
    }

    // MARK: What is not settled

    private func settle(_ journal: FileJournal, _ temporaries: TemporaryFiles) async throws -> Bool {
        let pending = PendingGenerations(journal: journal)
        if !other.drop.isEmpty { try await pending.drop(other.drop) }
        var isAllDone = true
        for id in other.retry {
            let record = try await pending.record(id)
            let access = try self.access(
                try access.makeProvider(of: record), journal, temporaries, jobs: 1)
            let reporter = GenerateReporter(style(isBatch: false), provider: record.provider, total: 1)
            let session = GenerateSession(client: access.client, journal: journal, reporter: reporter, keeps: false)
            try await reporter.ticking { try await session.resume(record) }
            isAllDone = isAllDone && reporter.summary.isAllDone
        }
        if other.pending { try await pending.list(json: running.json) }
        return isAllDone
    }
}
