// SPDX-License-Identifier: Apache-2.0
package import SnugImage
import SnugSystem
import SystemPackage

/// An input with the names that its output can have.
struct NamedInput: Sendable {
    var file: InputFile
    /// Its absolute path, or the name of a stream's content.
    var path: FilePath
    var names: OutputNames
    /// The names whose files are to be replaced.
    var replaceable: Set<FilePath> = []

    func replacing(_ names: Set<FilePath>) -> NamedInput {
        var input = self
        input.replaceable = names
        return input
    }
}

/// Fits one input, from its file to its output.
struct FitJob: Sendable {
    var request: FitRequest
    var publisher: OutputPublisher
    var threads: BlockingThreads
    var fit: FitRun.Fit
    var outputFolder: FilePath
    var book: OutputBook?
    /// The content of standard input, where it was read before.
    var stream: ImageSource?

    /// Fits one input and publishes the result.
    /// - Returns: Its record; `nil` when it was cancelled.
    func record(of input: NamedInput) async -> FitRecord? {
        var record = FitRecord(
            input: input.file.path, status: .failed, limitBytes: request.limits.fileByteLimit)
        let clock = ContinuousClock()
        let start = clock.now
        do {
            try await fill(&record, input)
        } catch is CancellationError {
            book?.withdraw(input.names.all)
            return nil
        } catch let error as ImageError {
            settle(&record, error, input)
        } catch {
            record.error = ImageError(.ioFailed, "failed unexpectedly: \(error)")
        }
        let isDone = record.status != .failed && record.status != .skipped || record.skipReason == .done
        if !isDone { book?.withdraw(input.names.all) }
        if record.status != .skipped { record.seconds = (clock.now - start) / .seconds(1) }
        return record
    }

    private func fill(_ record: inout FitRecord, _ input: NamedInput) async throws {
        let source = try await open(input.file)
        record.inputBytes = source.byteCount
        record.limitBytes = request.limits.resolved(inputBytes: source.byteCount).fileByteLimit
        if request.isDryRun {
            try await plan(&record, input, source)
            return
        }
        let image = try await fit(source, request.limits, request.policy)
        let output = try outputName(of: input, format: image.format, width: image.width, height: image.height)
        try await publish(image, source, input, as: output, &record)
        if record.status != .skipped { record.fill(image) }
    }

    /// A file that is no image is skipped in a folder of all kinds of files, and fails when it is named.
    private func settle(_ record: inout FitRecord, _ error: ImageError, _ input: NamedInput) {
        let isForeign = error.code == .notAnImage || error.code == .emptyInput
        if isForeign, !input.file.isNamed {
            record.status = .skipped
            record.skipReason = error.code == .emptyInput ? .empty : .notAnImage
            return
        }
        record.status = .failed
        record.output = nil
        record.error = error
    }

    private func open(_ file: InputFile) async throws -> ImageSource {
        if file.origin == .standardInput, let stream { return stream }
        let (limit, stream) = (request.maximumStandardInputBytes, request.standardInput)
        return try await threads.run {
            switch file.origin {
            case .file: try ImageSource(file: file.path, followsLinks: file.followsLinks)
            case .standardInput:
                ImageSource(bytes: try StreamInput.readAll(from: stream ?? .standardInput, maximumBytes: limit))
            }
        }
    }

    private func plan(_ record: inout FitRecord, _ input: NamedInput, _ source: ImageSource) async throws {
        let (limits, policy) = (request.limits, request.policy)
        let (header, plan) = try await threads.run {
            let header = try ImageProbe.header(of: source, limits: policy.decodingLimits, page: policy.page ?? 1)
            return (header, try FitPlan.make(source: source, header: header, limits: limits, policy: policy))
        }
        if plan.fault == nil {
            try fill(&record, plan, header, input)
        } else {
            try await rehearse(&record, input, source)
        }
        record.planReason = plan.reason
        record.planUncertainty = plan.fault == nil ? plan.uncertainty : nil
    }

    private func fill(_ record: inout FitRecord, _ plan: FitPlan, _ header: ImageHeader, _ input: NamedInput) throws {
        switch plan.action {
        case .copy: record.status = .copied
        case .strip: record.status = .stripped
        case .encode: record.status = .fitted
        }
        record.size = PixelSize(width: header.uprightWidth, height: header.uprightHeight)
        record.outputSize = PixelSize(width: plan.width, height: plan.height)
        record.format = plan.format
        record.warnings = header.warnings
        if let format = plan.format {
            let name = try outputName(of: input, format: format, width: plan.width, height: plan.height)
            record.output = place(of: name)
        }
    }

    /// Fits a file whose structure shows a fault, and keeps nothing of it: only that tells how it ends.
    private func rehearse(_ record: inout FitRecord, _ input: NamedInput, _ source: ImageSource) async throws {
        let image = try await fit(source, request.limits, request.policy)
        let name = try outputName(of: input, format: image.format, width: image.width, height: image.height)
        record.output = place(of: name)
        record.fill(image)
    }

    /// The path of an output with a name.
    private func place(of name: FilePath) -> FilePath {
        request.destination.folder == nil ? name : outputFolder.appending(name.components)
    }

    /// The name of an output below the output folder; the input's own place, or `-`, where there is no such folder.
    private func outputName(
        of input: NamedInput, format: ImageFormat, width: Int, height: Int
    ) throws -> FilePath {
        switch request.destination {
        case .inPlace: return input.file.path
        case .stream: return "-"
        case .folder, .file:
            guard let name = input.names.name(for: format) else {
                throw ImageError(.unsupportedFormat, "came out as \(format), which this run does not write")
            }
            guard request.namesHaveSize else { return name }
            return FilePath(bytes: OutputNameTemplate.fill(name.bytes, width: width, height: height))
        }
    }

    private func publish(
        _ image: FittedImage, _ source: ImageSource, _ input: NamedInput, as name: FilePath, _ record: inout FitRecord
    ) async throws {
        let output = place(of: name)
        record.output = output
        let (request, publisher, path) = (request, publisher, input.file.path)
        let decider = FitDecider(overwriting: request.overwriting, fitsAgain: request.fitsAgain, book: book)
        let (outcome, isDone): (FilePublisher.Outcome, Bool) = try await threads.run {
            let content = PublishedContent(image, source: source)
            switch request.destination {
            case .stream(let descriptor):
                try Self.write(content, to: descriptor)
                return (.published, false)
            case .inPlace:
                // It complies already, and the file that is there is the result.
                if image.status == .copied { return (.published, false) }
                let target = try InPlaceTarget(of: path)
                let outcome = try publisher.publish(
                    content, to: target.path, replacing: true, mode: target.mode,
                    attributes: request.preservesAttributes ? Self.attributes(for: input.file, request) : nil)
                return (outcome, false)
            case .folder, .file:
                try Self.refuseToReplace(path, by: output)
                let outcome = try publisher.publish(
                    content, to: output,
                    replacing: request.namesHaveSize
                        ? decider.mayReplace(fileNamed: name, by: input.file) : input.replaceable.contains(name),
                    attributes: Self.attributes(for: input.file, request))
                // Made by an equal run at the same time.
                let isDone = try outcome == .nameTaken && publisher.isPublished(content, at: output)
                return (outcome, isDone)
            }
        }
        if outcome == .nameTaken {
            record.status = .skipped
            record.skipReason = isDone ? .done : .outputExists
            guard isDone else { return }
        }
        await remember(output, name, input)
    }

    private func remember(_ output: FilePath, _ name: FilePath, _ input: NamedInput) async {
        guard let book, let state = input.file.state else { return }
        guard let file = try? await threads.run({ FitDecider.state(of: output) }) else { return }
        let making = RememberedOutput.Making(input: state, options: book.options, file: file)
        await book.made(
            RememberedOutput(name: name, input: input.path, made: making, claimed: nil),
            inPlaceOf: input.names.all.filter { $0 != name })
    }

    /// The attributes of an output; `nil` for an input that is no file.
    private static func attributes(for input: InputFile, _ request: FitRequest) -> FileAttributes? {
        guard input.origin == .file, let identity = try? FileIdentity(of: input.path, followsLinks: true) else {
            return nil
        }
        return request.preservesAttributes
            ? .all(of: input.path, identity: identity) : .permissionsAtMost(of: input.path, identity: identity)
    }

    private static func refuseToReplace(_ input: FilePath, by output: FilePath) throws {
        guard let existing = try? FileIdentity(of: output, followsLinks: true),
            let own = try? FileIdentity(of: input, followsLinks: true), existing.isSameFile(as: own)
        else { return }
        throw ImageError(
            .invalidArgument,
            "the output would replace its own input; choose another output folder, or replace the files in place")
    }

    private static func write(_ content: PublishedContent, to descriptor: FileDescriptor) throws {
        try content.forEachChunk { chunk in
            do throws(Errno) {
                try descriptor.writeBytes(chunk)
            } catch {
                throw ImageError(SystemFailure(doing: "write standard output", reason: error))
            }
        }
        try content.verify()
    }
}

extension FitRecord {
    /// Takes over the values of a fitted image.
    package mutating func fill(_ image: FittedImage) {
        switch image.status {
        case .fitted: status = .fitted
        case .copied: status = .copied
        case .stripped: status = .stripped
        }
        outputBytes = image.byteCount
        size = PixelSize(width: image.header.uprightWidth, height: image.header.uprightHeight)
        outputSize = PixelSize(width: image.width, height: image.height)
        format = image.format
        quality = image.quality
        scale = image.scale
        encodes = image.encodes
        warnings = image.warnings
    }
}
