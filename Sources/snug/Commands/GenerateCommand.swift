// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugGeneration
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem
import SystemPackage

/// `snug generate`.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", _superCommandName: "snug",
        abstract: "Generates images from prompts, and never pays for one twice.",
        discussion: """
            The key comes from POLLINATIONS_API_KEY, ELUMENTA_API_KEY or OPENAI_API_KEY, or from a file.

            Every submission is recorded before it is sent. A command that was interrupted, by Ctrl-C, a lost response or \
            a power cut, resumes where it stopped when it is run again: a paid image is downloaded, not generated again. \
            Where the provider cannot tell whether a submission took effect, it is held: --pending lists it, --retry \
            submits it again (and may be paid for a second time), --drop forgets it. A command that is done is not paid \
            for again as long as its images are there; --again generates others.

            A line of a batch is an object with prompt and, where it differs from the options, model, fallback_models, \
            size, n, images, mask, seed, format, partial_images, parameters, output.

            Examples:
              snug generate 'a lighthouse at dusk' --provider pollinations
              snug generate 'at night' --provider openai --image day.jpg -o night.png
              snug generate --batch prompts.jsonl --provider elumenta -o out/ --json
              snug generate 'a cat' --provider elumenta --model photon-1 --dry-run
              snug generate --pending
            """)

    @OptionGroup(title: "Request") var wanted: GenerateRequestOptions
    @OptionGroup(title: "Provider") var access: ProviderOptions
    @OptionGroup(title: "Output") var output: GenerateOutputOptions
    @OptionGroup(title: "Running") var running: GenerateRunningOptions
    @OptionGroup(title: "Pending submissions") var other: GenerateHousekeepingOptions
    @OptionGroup(title: "Configuration") var settings: ConfigurationOptions

    mutating func validate() throws {
        if other.isUsed {
            guard wanted.prompt == nil, running.batch == nil else {
                throw ValidationError("--pending, --retry, --drop and --unpark take no prompt")
            }
            try other.check(wanted, output, running)
            if other.unpark { _ = try access.makeProvider() }
            return
        }
        guard (wanted.prompt == nil) != (running.batch == nil) else {
            throw ValidationError(
                wanted.prompt == nil
                    ? "no prompt is given: pass a PROMPT or --batch FILE" : "pass PROMPT or --batch, not both")
        }
        let provider = try access.makeProvider()
        if wanted.prompt == "-" || running.batch?.path.isDash == true,
            FileDescriptor.standardInput.isTerminal
        {
            throw ValidationError("'-' reads standard input, which is a terminal; pipe something in")
        }
        if running.batch != nil, let output = output.output, !output.endsInSlash, !FileSystem.isFolder(output.path),
            (try? FileIdentity(of: output.path, followsLinks: true)) != nil
        {
            throw ValidationError("with --batch, -o names a folder, and \(PrintableName.of(output.path)) is a file")
        }
        try checkHost(try wanted.request(), provider)
    }

    /// A provider that takes addresses only needs a host for local images.
    private func checkHost(_ request: GenerationRequest, _ provider: Provider) throws {
        guard provider.takesAddressesOnly, output.host == nil, !request.files.isEmpty else { return }
        throw ValidationError(
            "\(provider.name) takes images by address only; pass an address, or a host for them with --host: "
                + "pollinations, or s3://bucket")
    }

    mutating func run() async throws { try await run(Interruption()) }

    /// Runs until all is done or a signal comes.
    func run(_ interruption: Interruption) async throws {
        try await CommandFailure.told {
            let temporaries = TemporaryFiles()
            let work = Task {
                try await CommandFailure.told(json: running.json && other.isUsed) {
                    other.isUsed
                        ? try await running.state.withLedger { try await settle(Self.stores($0), temporaries) }
                        : try await generate(temporaries)
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

    /// The stores of a command.
    ///
    /// It finds out for itself whether an account has money: a person who has topped it up runs the command again.
    private static func stores(_ ledger: any SharedLedger) -> GenerationStores {
        var stores = GenerationStores.ledger(ledger)
        stores.accountStates = InMemoryAccountStates()
        return stores
    }

    // MARK: Prompts

    /// - Returns: True when every prompt has its images.
    private func generate(_ temporaries: TemporaryFiles) async throws -> Bool {
        let provider = try access.makeProvider()
        // Faults of a prompt are reported before a missing key, and that before images are read and the ledger is made.
        let threads = BlockingThreads(count: 1)
        let lines = try await threads.run { try prompts(for: provider) }
        let credentials = try access.credentials(for: provider)
        let works = try await threads.run { try self.works(lines, for: provider) }
        func account(_ stores: GenerationStores) throws -> GenerationAccess {
            try self.access(provider, credentials, stores, temporaries, jobs: works.count)
        }
        return try await GenerateReporter.told(works, provider: provider.name, json: running.json) {
            guard running.dryRun else {
                return try await running.state.withLedger { ledger in
                    let stores = Self.stores(ledger)
                    return try await generate(works, try account(stores), stores.journal)
                }
            }
            return try await running.state.withLedgerIfThere { ledger in
                try await plan(works, try account(ledger.map(Self.stores) ?? GenerationStores()))
            }
        }
    }

    private func plan(_ works: [GenerationWork], _ access: GenerationAccess) async throws -> Bool {
        let isBatch = running.batch != nil
        if isBatch {
            let reporter = GenerateReporter(style(isBatch: true), provider: access.provider.name, total: works.count)
            for warning in access.warnings { reporter.note("warning: \(warning)") }
        }
        return try await GenerationPlanPrinter(access, json: running.json, isBatch: isBatch, makesAgain: output.again)
            .run(works)
    }

    private func generate(
        _ works: [GenerationWork], _ access: GenerationAccess, _ journal: any GenerationJournal
    ) async throws -> Bool {
        let provider = access.provider
        let isBatch = running.batch != nil
        let reporter = GenerateReporter(style(isBatch: isBatch), provider: provider.name, total: works.count)
        for warning in access.warnings { reporter.note("warning: \(warning)") }
        if provider.takesAddressesOnly, let notice = output.host?.notice, works.contains(where: { !$0.files.isEmpty }) {
            reporter.note(notice)
        }
        let run = GenerationRun(
            client: access.client, journal: journal, maximumConcurrency: running.jobs, makesAgain: output.again)
        do {
            try await reporter.ticking { try await run.run(works) { reporter.handle($0) } }
        } catch {
            reporter.end(access.client.counters.report, isInterrupted: true)
            throw error
        }
        reporter.end(access.client.counters.report)
        do { try await PendingGenerations(journal: journal).forgetDelivered() } catch {
            reporter.note("warning: old records of the journal cannot be removed: \(error)")
        }
        if !isBatch, reporter.report.invalid > 0 { throw ExitCode(64) }
        return reporter.report.isAllDone
    }

    private func access(
        _ provider: Provider, _ credentials: GenerationCredentials?, _ stores: GenerationStores,
        _ temporaries: TemporaryFiles, jobs: Int
    ) throws -> GenerationAccess {
        var dependencies = GenerationAccess.Dependencies()
        dependencies.credentials = credentials
        dependencies.settings = try running.options
        dependencies.stores = stores
        dependencies.host = output.host
        dependencies.jobs = min(running.jobs, jobs)
        dependencies.temporaries = temporaries
        return try GenerationAccess(provider, access, dependencies)
    }

    private func style(isBatch: Bool) -> GenerateReporter.Style {
        GenerateReporter.Style(
            isQuiet: running.quiet, printsJSON: running.json, isVerbose: running.verbose, isBatch: isBatch)
    }

    /// The prompts, checked as far as possible without a request. Blocks.
    private func prompts(for provider: Provider) throws -> [BatchFile.Line] {
        var request = try wanted.request()
        guard let path = running.batch?.path else {
            request.prompt = try prompt()
            try provider.validate(request)
            return [BatchFile.Line(number: 0, request: request, output: nil)]
        }
        let text = try TextFile.read(path, maximumBytes: 64 << 20)
        let batch = BatchFile(text, defaults: request) { request in
            try provider.validate(request)
            try checkHost(request, provider)
            for file in request.files {
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
            let count = batch.faults.count
            throw ValidationError("nothing was sent: \(count) \(count == 1 ? "line is" : "lines are") invalid")
        }
        guard !batch.lines.isEmpty else { throw ValidationError("\(PrintableName.of(path)) has no prompts in it") }
        return batch.lines
    }

    private func prompt() throws -> String {
        let argument = wanted.prompt ?? ""
        if argument == "-" {
            // The line end comes from the shell.
            let text = try TextFile.read("-", maximumBytes: 1 << 20)
            return text.last?.isNewline == true ? String(text.dropLast()) : text
        }
        guard let text = String(validating: RawArguments.decode(argument), as: UTF8.self) else {
            throw ValidationError("the prompt is not UTF-8")
        }
        return text
    }

    /// The work of each line, with its place and its name. Blocks.
    private func works(_ lines: [BatchFile.Line], for provider: Provider) throws -> [GenerationWork] {
        var naming = WorkNaming(provider)
        return try lines.map { line in
            let destination = try destination(of: line)
            var request = line.request
            if let named = destination.fileExtension {
                do throws(GenerationError) { request = try provider.request(request, named: named) } catch {
                    throw ValidationError(line.number > 0 ? "line \(line.number): \(error.message)" : error.message)
                }
            }
            return GenerationWork(
                line: line.number > 0 ? line.number : nil, request: request, destination: destination,
                name: try naming.name(request, destination))
        }
    }

    private func destination(of line: BatchFile.Line) throws -> ImageDestination {
        let prompt = line.request.prompt
        if let own = line.output {
            do {
                return try ImageNaming.destination(
                    own, below: try folder(), prompt: prompt, replaces: output.overwrite)
            } catch let error as GenerationError {
                throw ValidationError("line \(line.number): output \(error.message)")
            }
        }
        guard running.batch == nil else {
            return ImageDestination(folder: try folder(), name: ImageNaming.slug(prompt), replaces: output.overwrite)
        }
        return try ImageNaming.destination(
            output.output?.path, isFolder: output.output?.namesFile == false, prompt: prompt,
            replaces: output.overwrite)
    }

    /// The folder of a batch.
    private func folder() throws -> FilePath {
        try output.output.map { try WorkingFolder.absolute($0.path) } ?? WorkingFolder.current()
    }

    // MARK: Pending submissions

    private func settle(_ stores: GenerationStores, _ temporaries: TemporaryFiles) async throws -> Bool {
        let pending = PendingGenerations(journal: stores.journal)
        if !other.drop.isEmpty { try await pending.drop(other.drop) }
        if other.unpark {
            let access = try self.access(try access.makeProvider(), nil, stores, temporaries, jobs: 1)
            try await access.client.resumeAccount()
        }
        var isAllDone = true
        for id in other.retry {
            let record = try await pending.record(id)
            let access = try self.access(
                try access.makeProvider(of: record), nil, stores, temporaries, jobs: 1)
            let reporter = GenerateReporter(style(isBatch: false), provider: record.provider, total: 1)
            let run = GenerationRun(client: access.client, journal: stores.journal, keepsDelivered: false)
            try await reporter.ticking { try await run.resume(record) { reporter.handle($0) } }
            isAllDone = isAllDone && reporter.report.isAllDone
        }
        if other.pending { try PendingTable.write(try await pending.records(), json: running.json) }
        return isAllDone
    }
}
