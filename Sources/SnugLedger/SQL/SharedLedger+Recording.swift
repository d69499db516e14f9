// SPDX-License-Identifier: Apache-2.0

extension SharedLedger {
    /// Records an effect before it is attempted.
    /// - Throws: `stale_lease`; `not_allowed` while another one is open or a submission's outcome is unknown.
    public func recordIntent(_ intent: StepIntent, under lease: JobLease) async throws {
        try await transact { transaction in
            let old = try transaction.job(under: lease)
            var job = old
            let id = transaction.ids.next()
            try job.open(intent, id: id)
            try transaction.insert(intent, id: id, of: job)
            try transaction.save(job, replacing: old, verb: "intent")
        }
    }

    /// Records how a step ended, and with it how its open effect did. The lease ends.
    /// - Throws: `stale_lease`; `not_allowed`.
    @discardableResult
    public func recordOutcome(
        _ outcome: StepOutcome, payload: String?, under lease: JobLease
    ) async throws -> RecordedOutcome {
        try await transact { transaction in
            let old = try transaction.job(under: lease)
            if case .identified(let hash, _) = outcome,
                let joined = try transaction.joinEqual(old, contentHash: hash)
            {
                return RecordedOutcome(job: joined, isJoined: true)
            }
            var job = old
            if let payload { job.payload = payload }
            let pending = try transaction.deliveries(of: job.id).filter { $0.deliveredAt == nil }
            let ending = job.finish(outcome, pending: pending, now: transaction.now)
            try transaction.closeStep(old.openIntent, as: ending)
            if case .delivered(let names) = outcome { try transaction.markDelivered(names, of: job.id) }
            try transaction.save(job, replacing: old, verb: outcome.verb)
            return RecordedOutcome(job: job, isJoined: false)
        }
    }

    /// Hands a job back unfinished, at no cost to it.
    /// - Throws: `stale_lease`.
    @discardableResult
    public func release(_ lease: JobLease) async throws -> Job {
        try await transact { transaction in
            let old = try transaction.job(under: lease)
            var job = old
            let ending = job.release(now: transaction.now)
            try transaction.closeStep(old.openIntent, as: ending)
            try transaction.save(job, replacing: old, verb: "release")
            return job
        }
    }
}

extension StepOutcome {
    /// The outcome's name in a history.
    var verb: String {
        switch self {
        case .advanced: "advance"
        case .identified: "identify"
        case .delivered: "deliver"
        case .retry: "retry"
        case .failed: "fail"
        case .held: "hold"
        case .unknown: "unknown"
        }
    }
}

extension LedgerTransaction {
    fileprivate func insert(_ intent: StepIntent, id: String, of job: Job) throws {
        try execute(
            """
            INSERT INTO steps (id, job_id, step, fence, state, repetition, idempotency_key, body_digest, deadline,
                key_expires_at, payload, begun_at, ended_at)
            VALUES (:id, :job, :step, :fence, 'intended', :repetition, :key, :digest, :deadline, :expires, :payload, :now,
                NULL)
            """,
            [
                "id": id, "job": job.id.description, "step": job.step.rawValue, "fence": job.fence,
                "repetition": intent.repetition.rawValue, "key": job.key, "digest": intent.bodyDigest,
                "deadline": intent.deadline?.milliseconds, "expires": intent.keyExpiresAt?.milliseconds,
                "payload": intent.payload, "now": now.milliseconds,
            ])
    }

    fileprivate func markDelivered(_ names: [JobDelivery], of id: JobID) throws {
        for name in names {
            try execute(
                """
                UPDATE deliveries SET delivered_at = :now
                WHERE job_id = :job AND folder = :folder AND name = :name AND delivered_at IS NULL
                """,
                [
                    "now": now.milliseconds, "job": id.description, "folder": name.folder, "name": name.name,
                ])
        }
    }

    /// Hands the names of a job to equal work, and ends the job; `nil` when there is no equal work.
    fileprivate func joinEqual(_ job: Job, contentHash: String) throws -> Job? {
        var identity = job.identity
        identity.contentHash = contentHash
        guard let equal = try self.job(equalTo: identity), equal.id != job.id else { return nil }
        let names = try deliveries(of: job.id)
        try execute("DELETE FROM jobs WHERE id = :id", ["id": job.id.description])
        // From now on it counts as a name of the other.
        try count(seen: -1, joined: 0, in: job.folder)
        return try join(names, to: equal, from: job.folder)
    }
}
