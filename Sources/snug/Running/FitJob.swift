// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SystemPackage

/// One input's way from its file to its output.
struct FitJob: Sendable {
    var request: FitRequest
    var publisher: Publisher
    var threads: BlockingThreads
    var fit: FitRun.Fit
    var outputFolder: FilePath

    /// Fits one input and puts the result where it belongs.
    /// - Returns: What became of it; `nil` when it was cancelled.
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
            record.error = ImageError(.ioFailed, "failed for an unexpected reason: \(error)")
        }
        if record.status != .skipped { record.seconds = (clock.now - start) / .seconds(1) }
        return record
    }

    private func fill(_ record: inout FitRecord, _ input: NamedInput) async throws {
        if let existing = try await existingOutput(of: input) {
            record.status = .skipped
            record.output = existing
            record.reason = "the output is there already (--overwrite replaces it)"
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

    /// What is no image stops nobody who walks a folder of all kinds of files.
    private func settle(_ record: inout FitRecord, _ error: ImageError, _ input: NamedInput) {
        let isForeign = error.code == .notAnImage || error.code == .emptyInput
        if isForeign, !input.file.isNamed {
            record.status = .skipped
            record.reason = error.code == .emptyInput ? "empty" : "not an image"
            return
        }
        record.status = .failed
        record.output = nil
        record.error = error
    }

    private func existingOutput(of input: NamedInput) async throws -> FilePath? {
        guard case .folder = request.destination, !request.overwrites else { return nil }
        let paths = input.names.all.map(path(below:))
        return try await threads.run { _ in
            paths.first { path in (try? FileIdentity(of: path, followsLinks: false)) != nil }
        }
    }

    private func open(_ file: InputFile) async throws -> ImageSource {
        let limit = request.maximumStandardInputBytes
        return try await threads.run { isCancelled in
            switch file.origin {
            case .file: try ImageSource(file: file.path, followsLinks: file.followsLinks)
            case .standardInput:
                ImageSource(bytes: try StandardInput.readAll(maximumBytes: limit, isCancelled: isCancelled))
            }
        }
    }

    private func plan(_ record: inout FitRecord, _ input: NamedInput, _ source: ImageSource) async throws {
        let (limits, policy) = (request.limits, request.policy)
        let (header, plan) = try await threads.run { _ in
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
        record.reason = plan.reason
        record.warnings = header.warnings
    }

    private func path(below name: FilePath) -> FilePath { outputFolder.appending(name.components) }

    private func outputPath(of input: NamedInput, format: ImageFormat) throws -> FilePath {
        switch request.destination {
        case .inPlace: return input.file.path
        case .standardOutput: return "-"
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
        let outcome: Publisher.Outcome = try await threads.run { isCancelled in
            switch request.destination {
            case .standardOutput:
                try StandardOutput.write(PublishedContent(image, source: source))
                return .published
            case .inPlace:
                // It complies already, and the file that is there is the result.
                if image.status == .copied { return .published }
                let target = try InPlaceTarget(of: input)
                return try publisher.publish(
                    PublishedContent(image, source: source), to: target.path, replacing: true, mode: target.mode,
                    isCancelled: isCancelled)
            case .folder:
                try Self.refuseToReplace(input, by: output)
                return try publisher.publish(
                    PublishedContent(image, source: source), to: output, replacing: request.overwrites,
                    isCancelled: isCancelled)
            }
        }
        if outcome == .nameTaken {
            throw ImageError(
                .ioFailed,
                "\(PrintableName.of(output)) appeared while this was at work; run again with --overwrite or remove it")
        }
    }

    private static func refuseToReplace(_ input: FilePath, by output: FilePath) throws {
        guard let existing = try? FileIdentity(of: output, followsLinks: true),
            let own = try? FileIdentity(of: input, followsLinks: true), existing.isSameFile(as: own)
        else { return }
        throw ImageError(
            .invalidArgument, "the output would replace its own input; give another folder to -o, or use --in-place")
    }
}

extension FitRecord {
    fileprivate mutating func fill(_ image: FittedImage) {
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
