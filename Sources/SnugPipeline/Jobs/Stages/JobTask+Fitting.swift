// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugSystem
import SystemPackage

extension JobTask {
    /// Fits the input. Where nothing follows, the result goes into the outboxes at once.
    func fit() async throws -> Success {
        let input = try await input()
        let begin = ContinuousClock.now
        let (image, source) = try await fitted(input)
        services.noteFit(took: ContinuousClock.now - begin)
        if let ticket { services.gate.leaveEngine(ticket) }
        services.passed(.worked)
        var payload = payload
        let event = DaemonEvent.Kind.fitted(inputBytes: source.byteCount, outputBytes: image.byteCount)
        let next = options.step(after: .fit)
        guard next == .deliver else {
            payload.fitted = try await stage(image, source, of: input)
            services.passed(.published)
            return Success(outcome: .advanced(to: next), payload: payload, events: [event])
        }
        onEvent(event)
        return try await putIntoOutboxes(
            [Result(content: { PublishedContent(image, source: source) }, image.format.fileExtension, image.byteCount)],
            payload)
    }

    /// Runs the engine, the same as `snug fit`.
    private func fitted(_ input: Source) async throws -> (FittedImage, ImageSource) {
        guard let order = options.fit else {
            throw StepFault(.held, "unknown_options", "the job's pipeline does not fit; drop the job")
        }
        let path = input.file.path
        let source = try await services.threads.run { try ImageSource(file: path, followsLinks: false) }
        return (try await services.fit(source, order.limits, order.policy), source)
    }

    private func stage(
        _ image: FittedImage, _ source: ImageSource, of input: Source
    ) async throws -> JobPayload.StagedFile {
        let (files, id, original) = (services.files, job.id, input.file.original)
        return try await services.threads.run { try files.stage(image, source, as: original, of: id) }
    }

    /// The image that goes on to the next stage: the fitted one, made again where it is gone, or the input itself.
    /// - Returns: Its path, and the payload that knows it.
    func stagedImage() async throws -> (path: FilePath, payload: JobPayload) {
        let (files, id) = (services.files, job.id)
        if let staged = payload.fitted, try await services.threads.run({ files.isThere(staged, in: id) }) {
            return (files.path(of: staged, in: id), payload)
        }
        let input = try await input()
        guard options.fit != nil else { return (input.file.path, payload) }
        let (image, source) = try await fitted(input)
        var payload = payload
        let staged = try await stage(image, source, of: input)
        payload.fitted = staged
        return (files.path(of: staged, in: id), payload)
    }
}
