// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugSystem
import SystemPackage

extension JobTask {
    /// Fits the input. Where nothing follows and nothing holds that up, the result goes into the outboxes at once.
    func fit() async throws -> Success {
        let begin = ContinuousClock.now
        let (input, image, source) = try await fitted()
        services.noteFit(took: ContinuousClock.now - begin)
        if let ticket { services.gate.leaveEngine(ticket) }
        services.passed(.worked)
        var payload = payload
        let event = DaemonEvent.Kind.fitted(inputBytes: source.byteCount, outputBytes: image.byteCount)
        let next = options.step(after: .fit)
        guard next == .deliver, deliversAll, try await !services.holds.holdUp(.deliver, of: job) else {
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
    private func fitted() async throws -> (Input, FittedImage, ImageSource) {
        guard let order = options.fit else {
            throw StepFault(.held, "unknown_options", "the job's pipeline does not fit; drop the job")
        }
        let (input, source) = try await opening { try ImageSource(file: $0.path, followsLinks: false) }
        return (input, try await services.fit(source, order.limits, order.policy), source)
    }

    /// Keeps the image for the steps that follow, on whatever host.
    private func stage(
        _ image: FittedImage, _ source: ImageSource, of input: Input
    ) async throws -> JobPayload.StagedFile {
        let (files, id) = (files, job.id)
        let staged = try await services.threads.run { try files.stage(image, source, as: input.original, of: id) }
        try await store(staged)
        return staged
    }

    /// The image that goes on to the next stage: the fitted one, made again where it is gone, or the input itself.
    /// - Returns: Its path, and the payload that knows it.
    func stagedImage() async throws -> (path: FilePath, payload: JobPayload) {
        if let staged = payload.fitted, let path = try await local(staged) { return (path, payload) }
        guard options.fit != nil else { return (try await input().path, payload) }
        let (input, image, source) = try await fitted()
        var payload = payload
        let staged = try await stage(image, source, of: input)
        payload.fitted = staged
        return (files.path(of: staged, in: job.id), payload)
    }
}
