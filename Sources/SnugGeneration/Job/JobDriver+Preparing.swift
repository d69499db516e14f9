// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugHTTP

extension JobDriver {
    /// Fits and hosts the images unless that is done, and builds the request.
    func prepare() async throws -> GenerationJob.Event {
        try Task.checkCancellation()
        if let remaining, remaining <= .zero {
            throw GenerationError(.deadlineExceeded, "the time is over: nothing was sent any more")
        }
        if job.attempts.isEmpty { try await context.downloader.check(job.record.destination) }
        let isRepeat = job.submissions.mayHaveTakenEffect
        var next = prepared ?? PreparedJob(job.record)
        next.model = job.model
        next.usesBody = job.usesBody
        if prepared == nil {
            if isRepeat { preparation.form = job.record.form }
            try await preparation.prepare(&next, hosted: isRepeat ? job.record.imageURLs : [], emit)
        }
        prepared = next
        let submission = try context.dialect.submission(of: next)
        self.submission = submission
        return .prepared(digest: submission.digest, addresses: next.addresses)
    }

    /// Prepares the next attempt differently.
    func apply(_ change: SubmissionMachine.Change) async throws {
        switch change {
        case .nothing, .useBody: break
        case .refreshToken: try await refresh()
        case .refit(let byteLimit, let maximumSide): try await refit(byteLimit: byteLimit, maximumSide: maximumSide)
        case .reencode:
            guard preparation.reencode() else {
                throw GenerationError(
                    .unsupportedMedia, "the provider does not take the input's format, although it is JPEG or PNG",
                    status: job.attempts.last?.status)
            }
            prepared = nil
        case .model:
            // Limits observed for one model do not hold for another.
            if prepared?.images.isEmpty == false { prepared = nil }
        case .lowerConcurrency:
            do {
                try await context.limiter.limitConcurrency(to: 1)
            } catch {
                warn("the limit of concurrent requests could not be saved", error)
            }
        }
    }

    private func refit(byteLimit: Int?, maximumSide: Int?) async throws {
        guard let reduction = preparation.shrink(byteLimit: byteLimit, maximumSide: maximumSide) else {
            throw GenerationError(
                .payloadTooLarge,
                "the input is too large, and none of it is a local image that can be fitted: make it smaller",
                status: job.attempts.last?.status)
        }
        if job.record.request.images.count == 1 {
            // A limit that several images share says nothing about one.
            await context.observe(byteLimit: reduction.byteLimit, maximumSide: maximumSide, model: job.model)
        }
        emit(.refitting(byteLimit: reduction.byteLimit ?? preparation.largest))
        prepared = nil
    }

    /// True when the token of the last request was replaced by another task: after a refresh the old one is often reported
    /// as unknown instead of expired.
    func isStale(_ failure: ProviderFailure) async throws -> Bool {
        guard failure.status == 401, case .session(let store) = context.credentials else { return false }
        return try await store.tokens().access != usedSecret
    }

    private func refresh() async throws {
        guard case .session(let store) = context.credentials, let usedSecret else { return }
        _ = try await store.renew(after: usedSecret) { [context] old in try await context.fetchTokens(old) }
        emit(.refreshedToken)
    }
}

extension PreparedJob {
    init(_ record: GenerationRecord) {
        var request = record.request
        request.count = max(1, request.count - (record.earlierImages?.count ?? 0))
        self.init(request: request, seed: record.seed, images: [], key: record.key, submittedAt: record.submittedAt)
    }
}
