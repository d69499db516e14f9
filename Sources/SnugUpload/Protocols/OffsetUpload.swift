// SPDX-License-Identifier: Apache-2.0
internal import Logging
internal import SnugHTTP

/// Runs a dialect by the decisions of the machine, and keeps the record.
struct OffsetUpload {
    let job: UploadJob
    var dialect: any OffsetDialect
    /// Bytes of this upload: those of the file or of its piece.
    private let length: Int
    /// The number of the piece in the progress.
    private let slot: Int
    private var upload: HTTPURL?
    private var end: End
    /// The recorded expiry.
    private var expires: Int?
    private let keep: @Sendable (_ upload: HTTPURL?, _ end: End, _ expires: Int?) async throws -> Void

    /// The recorded facts about the last byte.
    private struct End: Sendable, Equatable {
        var wasSent = false
        var isLacking = false
    }

    /// The result of a finished upload.
    struct Completion {
        var upload: HTTPURL?
        var isConfirmed: Bool
        var response: ClientResponse?
    }

    /// The whole file.
    init(job: UploadJob, dialect: any OffsetDialect, keeper: RecordKeeper) throws(UploadError) {
        let record = keeper.record
        self.job = job
        self.dialect = dialect
        length = job.length
        slot = 0
        let target = job.target.url
        upload = record.uploadURL == target.description ? target : try Self.url(record.uploadURL)
        end = End(wasSent: record.sentEverything, isLacking: record.lacksBytes == true)
        expires = record.expires
        keep = { upload, end, expires in
            try await keeper.update {
                // The target's own address may hold a secret, and is known to the next process.
                $0.uploadURL = upload == target ? target.description : upload?.text
                $0.sentEverything = end.wasSent
                $0.lacksBytes = end.isLacking
                $0.expires = expires
            }
        }
    }

    /// One of the record's pieces.
    init(job: UploadJob, dialect: any OffsetDialect, keeper: RecordKeeper, piece number: Int) throws(UploadError) {
        guard let pieces = keeper.record.pieces, pieces.indices.contains(number) else { throw Self.damaged(nil) }
        self.job = job
        self.dialect = dialect
        length = pieces[number].bytes
        slot = number
        upload = try Self.url(pieces[number].uploadURL)
        end = End(wasSent: pieces[number].sentEverything, isLacking: pieces[number].lacksBytes == true)
        keep = { upload, end, _ in
            try await keeper.update {
                $0.pieces?[number].uploadURL = upload?.text
                $0.pieces?[number].sentEverything = end.wasSent
                $0.pieces?[number].lacksBytes = end.isLacking
            }
        }
    }

    private static func url(_ text: String?) throws(UploadError) -> HTTPURL? {
        guard let text else { return nil }
        do throws(HTTPError) {
            return try HTTPURL(text)
        } catch {
            throw damaged(error)
        }
    }

    private static func damaged(_ cause: (any Error)?) -> UploadError {
        UploadError(.stateFailed, "the record of this upload is damaged; forget it to start over", cause: cause)
    }

    mutating func run() async throws -> Completion {
        // Between two chunks the connection is idle.
        try await job.client.onNetworkThread { try await drive() }
    }

    private mutating func drive() async throws -> Completion {
        var machine = try await makeMachine()
        var action = machine.begin()
        var last: UploadJob.Exchange?
        // After a refusal the server is asked for its offset. The reason for a failure is the refusal, not that
        // response.
        var refusal: UploadJob.Exchange?
        var countedRetries = 0
        while true {
            let start = ContinuousClock.now
            let result: StepResult
            switch action {
            case .create: result = try await create(restarts: machine.restarts)
            case .ask:
                guard let upload else { return try fail(.gone, last, machine) }
                result = try await dialect.ask(upload)
            case .send(let range):
                result = try await send(range, next: machine.chunks.chunk(at: range.upperBound, of: length))
            case .wait(let duration):
                job.logger.debug(
                    "waiting to continue", metadata: ["delay": "\(duration)", "offset": "\(machine.acknowledged)"])
                try await job.wait(duration)
                action = machine.resume()
                continue
            case .finish: return Completion(upload: upload, isConfirmed: true, response: last?.response)
            case .unconfirmed: return Completion(upload: upload, isConfirmed: false, response: nil)
            case .fail(let failure): return try fail(failure, failure == .refused ? refusal : last, machine)
            }
            last = result.exchange
            if result.step == .refused { refusal = result.exchange }
            action = try await take(result, after: ContinuousClock.now - start, by: &machine)
            job.confirm(
                machine.acknowledged, slot: slot, chunkSize: machine.chunks.size,
                newRetries: machine.retries - countedRetries)
            countedRetries = machine.retries
        }
    }

    private func makeMachine() async throws -> OffsetMachine {
        let learnt = try await job.learntCeiling()
        let ceiling = min(job.options.maximumChunkSize, learnt ?? .max)
        let chunks = ChunkSizer(
            initial: job.options.chunkSize, ceiling: ceiling, granularity: dialect.granularity,
            adapts: job.options.adaptsChunkSize)
        return OffsetMachine(
            length: length, chunks: chunks, policy: job.rules, endsByOffset: dialect.endsByOffset,
            resumes: upload != nil, sentEverything: end.wasSent, lacksBytes: end.isLacking)
    }

    /// Hands the result of a step to the machine, and keeps what the server said of expiry and sizes.
    private mutating func take(
        _ result: StepResult, after duration: Duration, by machine: inout OffsetMachine
    ) async throws -> OffsetMachine.Action {
        machine.chunks.limit(to: dialect.appendSizes)
        try await noteExpiry()
        let now = job.environment.wallClock()
        let hint = result.exchange.response.flatMap {
            $0.isSuccess ? nil : WaitHint.read($0.headerFields, body: $0.body, now: now)
        }
        let action = machine.take(
            result.step, after: duration, hint: hint, bodyLeft: result.exchange.bodyLeft,
            bytesSent: result.exchange.bytesSent, random: job.environment.random())
        try await noteEnd(machine)
        if result.step == .tooLarge { try await job.learn(ceiling: machine.chunks.size) }
        return action
    }

    private mutating func create(restarts: Int) async throws -> StepResult {
        if restarts > 0 { job.note(.startedOverBecauseGone) }
        upload = nil
        let result: StepResult
        (dialect, result) = try await finishing(dialect)
        if let created = result.upload {
            upload = created
            end = End()
            expires = dialect.expires
            try await keep(created, end, expires)
        }
        return result
    }

    /// A server may extend the expiry with each chunk; it is recorded at most once a minute.
    private mutating func noteExpiry() async throws {
        guard let upload, let new = dialect.expires, abs(new - (expires ?? 0)) >= 60 else { return }
        expires = new
        try await keep(upload, end, new)
    }

    /// Records that the server lacks bytes which an earlier record says were sent: should it forget the upload now, the
    /// file is not there.
    private mutating func noteEnd(_ machine: OffsetMachine) async throws {
        guard let upload, machine.lacksBytes, end.wasSent, !end.isLacking else { return }
        end.isLacking = true
        try await keep(upload, end, expires)
    }

    /// Creates an upload. When cancelled meanwhile, waits a moment for its address, because without it the upload could
    /// never be removed from the server.
    private func finishing(_ dialect: any OffsetDialect) async throws -> (any OffsetDialect, StepResult) {
        // A separate task, which is not cancelled together with the caller's.
        let creation = Task {
            var dialect = dialect
            let result = try await dialect.create()
            return (dialect, result)
        }
        return try await withTaskCancellationHandler {
            try await creation.value
        } onCancel: {
            // An unstructured task, because the parent is just ending.
            Task { [grace = job.options.creationGrace] in
                try await Task.sleep(for: grace)
                creation.cancel()
            }
        }
    }

    private mutating func send(_ range: Range<Int>, next: Range<Int>) async throws -> StepResult {
        guard let upload else {
            throw UploadError(.serverMisbehaved, "the server sent no address for the upload", resumption: .startOver)
        }
        if range.upperBound == length, end != End(wasSent: true) {
            // After a kill this distinguishes a completed upload that the server forgot from an expired one.
            end = End(wasSent: true)
            try await keep(upload, end, expires)
        }
        return try await dialect.send(range, next: next, to: upload)
    }

    private func fail(
        _ failure: OffsetMachine.Failure, _ last: UploadJob.Exchange?, _ machine: OffsetMachine
    ) throws(UploadError) -> Completion {
        throw last?.error(failure, at: machine.acknowledged)
            ?? Self.damaged(nil)
    }
}
