// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem
import SystemPackage

/// An input with the names that its output can have.
struct NamedInput: Sendable {
    var file: InputFile
    var names: OutputNames
}

/// Fits one input, from its file to its output.
struct FitJob: Sendable {
    var request: FitRequest
    var publisher: OutputPublisher
    var threads: BlockingThreads
    var fit: FitRun.Fit
    var outputFolder: FilePath

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
            return nil
        } catch let error as ImageError {
            settle(&record, error, input)
        } catch {
            record.error = ImageError(.ioFailed, "failed unexpectedly: \(error)")
        }
        if record.status != .skipped { record.seconds = (clock.now - start) / .seconds(1) }
        return record
    }

    private func fill(_ record: inout FitRecord, _ input: NamedInput) async throws {
        if let existing = try await existingOutput(of: input) {
            record.status = .skipped
            record.output = existing
            record.skipReason = .outputExists
            return
        }
        let source = try await open(input.file)
        record.inputBytes = source.byteCount
        if request.isDryRun {
            try await plan(&record, input, source)
            return
        }
        let image = try await fit(source, request.limits, request.policy)
        let output = try outputPath(of: input, format: image.format)
        try await publish(image, source, to: output, &record)
        record.fill(image)
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

    private func existingOutput(of input: NamedInput) async throws -> FilePath? {
        guard !request.overwrites else { return nil }
        let paths: [FilePath]
        switch request.destination {
        case .folder: paths = input.names.all.map(path(below:))
        case .file(let path): paths = [path]
        case .inPlace, .stream: return nil
        }
        return try await threads.run {
            paths.first { path in (try? FileIdentity(of: path, followsLinks: false)) != nil }
        }
    }

    private func open(_ file: InputFile) async throws -> ImageSource {
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
            let header = try ImageProbe.header(of: source, limits: policy.decodingLimits)
            return (
                header, try FitPlan.make(header: header, byteCount: source.byteCount, limits: limits, policy: policy)
            )
        }
        switch plan.action {
        case .copy: record.status = .copied
        case .strip: record.status = .stripped
        case .encode: record.status = .fitted
        }
        record.size = PixelSize(width: header.uprightWidth, height: header.uprightHeight)
        record.outputSize = PixelSize(width: plan.width, height: plan.height)
        record.format = plan.format
        if let format = plan.format { record.output = try outputPath(of: input, format: format) }
        record.planReason = plan.reason
        record.warnings = header.warnings
    }

    private func path(below name: FilePath) -> FilePath { outputFolder.appending(name.components) }

    private func outputPath(of input: NamedInput, format: ImageFormat) throws -> FilePath {
        switch request.destination {
        case .inPlace: return input.file.path
        case .stream: return "-"
        case .file(let path): return path
        case .folder:
            guard let name = input.names.name(for: format) else {
                throw ImageError(.unsupportedFormat, "came out as \(format), which this run does not write")
            }
            return path(below: name)
        }
    }

    private func publish(
        _ image: FittedImage, _ source: ImageSource, to output: FilePath, _ record: inout FitRecord
    ) async throws {
        record.output = output
        let (request, publisher, input) = (request, publisher, record.input)
        let outcome: FilePublisher.Outcome = try await threads.run {
            let content = PublishedContent(image, source: source)
            switch request.destination {
            case .stream(let descriptor):
                try Self.write(content, to: descriptor)
                return .published
            case .inPlace:
                // It complies already, and the file that is there is the result.
                if image.status == .copied { return .published }
                let target = try InPlaceTarget(of: input)
                return try publisher.publish(content, to: target.path, replacing: true, mode: target.mode)
            case .folder, .file:
                try Self.refuseToReplace(input, by: output)
                return try publisher.publish(content, to: output, replacing: request.overwrites)
            }
        }
        if outcome == .nameTaken {
            throw ImageError(
                .ioFailed,
                "\(PrintableName.of(output)) appeared while the image was fitted; remove it, or allow outputs to be replaced"
            )
        }
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
    mutating func fill(_ image: FittedImage) {
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
