// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SystemPackage

/// What `snug fit` was asked for, as values.
struct FitRequest: Sendable {
    /// Where outputs go.
    enum Destination: Sendable, Hashable {
        case folder(FilePath)
        case inPlace
        case standardOutput
    }
    var inputs: [FilePath]
    var destination: Destination
    var limits = Limits()
    var policy = FitPolicy()
    var isRecursive = true
    var followsLinks = false
    var overwrites = false
    var isDryRun = false
    var jobs: Int
    /// Most bytes that are taken from standard input.
    var maximumStandardInputBytes = 512 << 20

    /// Formats that outputs can have.
    var outputFormats: Set<ImageFormat> {
        switch policy.format {
        case .jpeg: [.jpeg]
        case .png: [.png]
        case .automatic, .keep: [.jpeg, .png]
        }
    }
}

/// An input with the names that its output can have.
struct NamedInput: Sendable {
    var file: InputFile
    var names: OutputNames
}

/// Fits all inputs, several at a time.
struct FitRun: Sendable {
    /// The engine, as far as a run needs it.
    typealias Fit = @Sendable (ImageSource, Limits, FitPolicy) async throws -> FittedImage

    var request: FitRequest
    var reporter: FitReporter
    var publisher: Publisher
    var threads: BlockingThreads
    var fit: Fit

    /// Does everything; one bad file never stops the others.
    /// - Throws: `invalid_argument` for arguments that contradict what is on the disk, `CancellationError`.
    func run() async throws {
        let walked = try await walk()
        for notice in walked.notices { reporter.note(notice) }
        reporter.begin(
            count: walked.files.count + walked.skipped.count + walked.failures.count,
            bytes: walked.files.reduce(0) { $0 + $1.byteCount })
        for (path, reason) in walked.skipped {
            var record = self.record(of: path, .skipped)
            record.reason = reason
            reporter.finished(record)
        }
        for (path, error) in walked.failures {
            var record = self.record(of: path, .failed)
            record.error = error
            reporter.finished(record)
        }
        let job = FitJob(
            request: request, publisher: publisher, threads: threads, fit: fit,
            outputFolder: outputFolder)
        try await forEach(named(walked.files)) { input in
            guard let record = await job.record(of: input) else { return }
            reporter.finished(record, plannedBytes: input.file.byteCount)
        }
    }

    /// Names every output before the first is made.
    func named(_ files: [InputFile]) -> [NamedInput] {
        let names = OutputNaming.names(for: files.map(\.relative), formats: request.outputFormats)
        return zip(files, names).map { NamedInput(file: $0, names: $1) }
    }

    private var outputFolder: FilePath {
        if case .folder(let path) = request.destination { path } else { FilePath() }
    }

    private func record(of path: FilePath, _ status: FitRecord.Status) -> FitRecord {
        FitRecord(input: path, status: status, limitBytes: request.limits.fileByteLimit)
    }

    private func walk() async throws -> InputWalk.Result {
        var walk = InputWalk(isRecursive: request.isRecursive, followsLinks: request.followsLinks)
        if case .folder(let path) = request.destination {
            // Not there yet: then nothing can lie in it.
            walk.outputFolder = try? FileIdentity(of: path, followsLinks: true)
        }
        let inputs = request.inputs
        return try await threads.run { [walk] isCancelled in try walk.files(for: inputs, isCancelled: isCancelled) }
    }

    private func forEach(
        _ inputs: [NamedInput], _ body: @escaping @Sendable (NamedInput) async -> Void
    ) async throws {
        // Two more than work at once, so that cores do not wait for a disk that syncs.
        let width = max(request.jobs, 1) + 2
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            for input in inputs {
                if running == width { try await group.next() } else { running += 1 }
                if reporter.readerIsGone { throw CancellationError() }
                try Task.checkCancellation()
                group.addTask { await body(input) }
            }
            for try await _ in group {}
            try Task.checkCancellation()
        }
    }
}
