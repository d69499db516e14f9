// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugHTTP
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem
import SnugUpload
import SystemPackage

/// `snug upload`.
struct UploadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload", _superCommandName: "snug",
        abstract: "Uploads files and folders in chunks, resumes interrupted uploads, and checks the result.",
        discussion: """
            FILE is a file, a folder or '-' for standard input. An upload that is interrupted, by Ctrl-C or a power cut, \
            resumes where it stopped when the same command is run again. Folders are mirrored below URL, and the same \
            command again sends only what is missing (--again sends everything). --fit fits images on the way.

            For S3, URL is the object's (https://host/bucket/key, or https://bucket.s3.region.amazonaws.com/key) and the \
            keys come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Secret headers come \
            from a file: --header @FILE reads 'Name: value' lines.

            Examples:
              snug upload a.jpg --to https://host/files/
              snug upload *.jpg --to https://host/bucket/ --protocol s3
              snug upload photos/ --to https://host/bucket/ --protocol s3 --fit --limit 5MB
              snug upload a.jpg --to https://host/form --protocol form --field a=b
              snug upload --list
              snug upload --verify receipt.json
            """)

    @OptionGroup(title: "Files and destination") var destination: UploadDestinationOptions
    @OptionGroup(title: "Folders and images") var folders: UploadFolderOptions
    @OptionGroup(title: "Transfer") var transfer: UploadTransferOptions
    @OptionGroup(title: "Pending uploads and receipts") var other: UploadHousekeepingOptions

    @OptionGroup(title: "Configuration") var settings: ConfigurationOptions

    @Flag(help: "Print one JSON object a line for each file.")
    var json = false
    @Flag(name: [.short, .long], help: "Print results and errors only.")
    var quiet = false

    mutating func validate() throws {
        if !other.given.isEmpty {
            guard other.given.count == 1 else {
                throw ValidationError("\(other.given.joined(separator: " and ")) exclude each other; pass one of them")
            }
            guard destination.files.isEmpty, !destination.list.isGiven else {
                throw ValidationError("--list, --forget and --verify upload nothing; leave out the files")
            }
            return
        }
        try destination.list.check(destination.paths, named: "files, folders, '-',")
        guard let to = destination.to else { throw ValidationError("no destination is given: pass --to URL") }
        do throws(HTTPError) { _ = try HTTPURL(to) } catch { throw ValidationError(error.message) }
        try destination.checkProtocolOptions()
        try folders.check()
        if destination.files.count > 1 || destination.list.filesFrom != nil,
            destination.paths.contains(where: \.isDash)
        {
            throw ValidationError("standard input cannot be one of several files")
        }
    }

    mutating func run() async throws { try await run(Interruption()) }

    /// Runs until all is done or a signal comes.
    func run(_ interruption: Interruption) async throws {
        let reporter = UploadReporter(json: json, isQuiet: quiet)
        let files = try await told(destination.paths, reporter) { try destination.paths + destination.list.names() }
        do {
            try await told(files, reporter) {
                if !other.verify.isEmpty {
                    return try await ReceiptChecks(destination, json: json).run(
                        other.verify.map(\.path), try transfer.makeUploader(nil))
                }
                try await transfer.state.withLedger { ledger in
                    let uploader = try transfer.makeUploader(LedgerUploadStore(ledger))
                    if other.list { return try await list(uploader) }
                    if !other.forget.isEmpty { return try await forget(uploader) }
                    var request = try request(files)
                    request.finished = LedgerUploadStore(ledger)
                    let fitter = ImageFitter(
                        configuration: .init(isolation: folders.isolate ? .everything : .riskyFormats))
                    try await upload(
                        UploadRun(request, uploader: uploader, fitter: fitter), reporter, interruption)
                }
            }
        } catch is CancellationError {
            reporter.interrupted(resumes: transfer.resume)
            throw ExitCode(Interruption.exitCode)
        }
    }

    private func upload(_ run: UploadRun, _ reporter: UploadReporter, _ interruption: Interruption) async throws {
        let work = Task { try await run.run { reporter.handle($0) } }
        interruption.handle(stop: { work.cancel() }, cleanUp: {})
        let report = try await work.value
        reporter.ended(report)
        if json { try OutputStream.standardOutput.checkDelivered() }
        if !report.failures.isEmpty { throw ExitCode(1) }
    }

    /// Reports an error that stops the command before any file is sent; as JSON, each file has its line.
    private func told<Result>(
        _ files: [FilePath], _ reporter: UploadReporter, _ body: () async throws -> Result
    ) async throws -> Result {
        guard other.given.isEmpty else { return try await CommandFailure.told(json: json, body) }
        return try await CommandFailure.told {
            do {
                return try await body()
            } catch let error as UploadError {
                try fail(files, error, reporter)
                throw error
            } catch let error as LedgerError {
                try fail(files, UploadError(.stateFailed, error.message, cause: error), reporter)
                throw error
            } catch let error as ImageError {
                // A file that an option names cannot be read.
                try fail(files, UploadError(.sourceFailed, error.message, cause: error), reporter)
                throw error
            }
        }
    }

    private func fail(_ files: [FilePath], _ error: UploadError, _ reporter: UploadReporter) throws {
        guard json else { return }
        for file in files { reporter.handle(.failed(file, error)) }
        try OutputStream.standardOutput.checkDelivered()
    }

    /// The run that the options ask for.
    private func request(_ files: [FilePath]) throws -> UploadRequest {
        var request = UploadRequest(files: files, destination: try destination.destination())
        request.options = transfer.options
        request.resends = transfer.again
        request.isRecursive = !folders.noRecursive
        if folders.fit {
            request.fitting = UploadFitting(
                limits: folders.limits.limits, workFolder: try transfer.state.folder.appending("fitted"))
        }
        request.collisions = transfer.numberDuplicates ? .number : .refuse
        request.maximumConcurrency = transfer.jobs
        request.bytesPerSecond = transfer.limitRate?.bytes
        request.receiptFolder = try transfer.state.receipts
        request.standardInput = .standardInput
        request.spoolFolder = try transfer.state.spool
        return request
    }

    private func list(_ uploader: Uploader) async throws {
        let pending = try await uploader.pending()
        if pending.isEmpty, !json { OutputStream.standardError.writeLine("nothing is pending") }
        for record in pending {
            let output = OutputStream.standardOutput
            if json {
                output.writeLine(
                    ([
                        "id": .text(record.key), "input": .text(record.inputPath),
                        "target": .text(record.target), "protocol": .text(record.uploadProtocol.rawValue),
                        "bytes": .integer(record.bytes), "created": .integer(record.created),
                        "expires": .optional(record.expires), "discarded": .flag(record.isDiscarded),
                        "outcome_unknown": .flag(record.lacksResponse),
                    ] as JSONValue).description)
            } else {
                let path = record.inputPath == "-" ? "standard input" : PrintableName.escaped(record.inputPath)
                output.writeLine(
                    "\(record.key)  \(path) → \(record.target)  \(ByteCount(record.bytes))\(Self.state(record, now: WallClock.seconds))"
                )
            }
        }
    }

    private static func state(_ record: UploadRecord, now: Int) -> String {
        if record.isDiscarded { return " (discarded, still at the server)" }
        if record.lacksResponse { return " (outcome unknown: check the server)" }
        guard let expires = record.expires else { return "" }
        let minutes = (expires - now) / 60
        if expires <= now { return " (expired)" }
        return minutes < 120 ? " (expires in \(minutes) min)" : " (expires in \(minutes / 60) h)"
    }

    private func forget(_ uploader: Uploader) async throws {
        var failed = false
        let pending = try await uploader.pending()
        for key in other.forget {
            guard let record = pending.first(where: { $0.key == key }) else {
                throw ValidationError(
                    "no pending upload is named '\(PrintableName.escaped(key))'; 'snug upload --list' shows all")
            }
            if record.isDiscarded {
                // Passed for the second time: forgotten here only.
                try await uploader.forget(record)
                continue
            }
            do {
                if try await uploader.abandon(record, target: try destination.target(of: record)) { continue }
                if try await uploader.pending().contains(where: { $0.key == key }) {
                    tell(key, "it does not remove it")
                } else {
                    OutputStream.standardError.writeLine("\(key): forgotten here; the server keeps its part")
                }
            } catch let error as UploadError {
                tell(key, error.message)
            } catch let error as HTTPError {
                tell(key, error.message)
            }
            failed = true
        }
        if failed { throw ExitCode(1) }
    }

    private func tell(_ key: String, _ reason: String) {
        OutputStream.standardError.writeLine(
            "\(key): the server still has its part (\(reason)); the next upload there tries again to remove it, and a second "
                + "--forget forgets it here")
    }
}
