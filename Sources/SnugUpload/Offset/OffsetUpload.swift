// SPDX-License-Identifier: Apache-2.0
internal import Logging
internal import SnugHTTP

/// Drives a dialect by the machine's decisions, and keeps the record.
struct OffsetUpload {
    let job: UploadJob
    var dialect: any OffsetDialect
    private var record: UploadRecord
    private var upload: HTTPURL?

    /// What the end of an upload brings.
    struct Completion {
        var upload: HTTPURL?
        var isConfirmed: Bool
        var answer: HTTPResponse?
    }

    init(job: UploadJob, dialect: any OffsetDialect, record: UploadRecord) throws(UploadError) {
        self.job = job
        self.dialect = dialect
        self.record = record
        if let text = record.uploadURL {
            do throws(HTTPError) {
                upload = try HTTPURL(text)
            } catch {
                throw UploadError(
                    .stateFailed, "the record of this upload is damaged; forget it to begin anew", cause: error)
            }
        }
    }

    mutating func run() async throws -> Completion {
        let learnt = try job.learntCeiling()
        let ceiling = min(job.options.maximumChunkSize, learnt ?? .max, dialect.chunkCeiling ?? .max)
        let chunks = ChunkSizer(
            initial: job.options.chunkSize, ceiling: ceiling, granularity: dialect.granularity,
            adapts: job.options.adaptsChunkSize)
        var machine = OffsetMachine(
            length: job.length, chunks: chunks, policy: job.rules, endsByOffset: dialect.endsByOffset,
            resumes: upload != nil, sentEverything: record.sentEverything)
        var action = machine.begin()
        var last: UploadJob.Exchange?
        while true {
            let start = ContinuousClock.now
            let result: StepResult
            switch action {
            case .create: result = try await create(restarts: machine.restarts)
            case .ask:
                guard let upload else { return try fail(.gone, last, machine) }
                result = try await dialect.ask(upload)
            case .send(let range):
                result = try await send(range)
            case .wait(let duration):
                job.logger.debug(
                    "waiting to go on", metadata: ["delay": "\(duration)", "offset": "\(machine.acknowledged)"])
                try await job.wait(duration)
                action = machine.resume()
                continue
            case .finish: return Completion(upload: upload, isConfirmed: true, answer: last?.response)
            case .unconfirmed: return Completion(upload: upload, isConfirmed: false, answer: nil)
            case .fail(let failure): return try fail(failure, last, machine)
            }
            last = result.exchange
            let now = job.environment.wallClock()
            let hint = result.exchange.response.flatMap {
                $0.isSuccess ? nil : WaitHint.read($0.headers, body: $0.body, now: now)
            }
            let wasTooLarge = result.step == .tooLarge
            action = machine.take(
                result.step, after: ContinuousClock.now - start, hint: hint, bodyLeft: result.exchange.bodyLeft,
                random: job.environment.random())
            if wasTooLarge { try job.learn(ceiling: machine.chunks.size) }
            job.confirm(machine.acknowledged, chunkSize: machine.chunks.size, retries: machine.retries)
        }
    }

    private mutating func create(restarts: Int) async throws -> StepResult {
        if restarts > 0 { job.note(.startedOverBecauseGone) }
        upload = nil
        let result: StepResult
        (dialect, result) = try await finishing(dialect)
        if let created = result.upload {
            upload = created
            record.uploadURL = created.text
            record.sentEverything = false
            try job.save(record)
        }
        return result
    }

    /// Has an upload begun, and when cancelled meanwhile, waits a moment for its address: without it, what the server has
    /// begun could never be removed.
    private func finishing(_ dialect: any OffsetDialect) async throws -> (any OffsetDialect, StepResult) {
        // A task of its own, which cancelling the caller's does not reach at once.
        let creation = Task {
            var dialect = dialect
            let result = try await dialect.create()
            return (dialect, result)
        }
        return try await withTaskCancellationHandler {
            try await creation.value
        } onCancel: {
            // Nobody's child, because this one's parent is just ending.
            Task { [grace = job.options.creationGrace] in
                try await Task.sleep(for: grace)
                creation.cancel()
            }
        }
    }

    private mutating func send(_ range: Range<Int>) async throws -> StepResult {
        guard let upload else {
            throw UploadError(.serverMisbehaved, "the server gave the upload no address", resumption: .startOver)
        }
        if range.upperBound == job.length, !record.sentEverything {
            // After a kill this is what tells "complete and forgotten" from "expired".
            record.sentEverything = true
            try job.save(record)
        }
        return try await dialect.send(range, to: upload)
    }

    private func fail(
        _ failure: OffsetMachine.Failure, _ last: UploadJob.Exchange?, _ machine: OffsetMachine
    ) throws(UploadError) -> Completion {
        throw last?.error(failure, at: machine.acknowledged)
            ?? UploadError(.stateFailed, "the record of this upload is damaged; forget it to begin anew")
    }
}
