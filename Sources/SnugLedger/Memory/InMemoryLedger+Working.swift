// SPDX-License-Identifier: Apache-2.0

extension InMemoryLedger {
    /// Puts work in. Work that the ledger has already gets the new name, and is delivered under both.
    public func enqueue(_ jobs: [NewJob]) throws -> [EnqueuedJob] {
        try transact { content, now in jobs.map { enqueue($0, &content, now) } }
    }

    private func enqueue(_ new: NewJob, _ content: inout InMemoryContent, _ now: LedgerInstant) -> EnqueuedJob {
        let delivery = JobDelivery(name: new.name, folder: new.folder, source: new.source)
        if let source = new.source {
            let known = content.deliveries.first { entry in
                entry.value.contains { $0.folder == new.folder && $0.source == source }
            }
            if let known, let job = content.jobs[known.key] { return EnqueuedJob(job: job, isNew: false) }
        }
        if let equal = content.jobs.values.first(where: { $0.isEqualWork(new.identity) }) {
            content.join([delivery], to: equal.id, from: new.folder, now: now)
            return EnqueuedJob(job: content.jobs[equal.id] ?? equal, isNew: false)
        }
        let job = Job(new, id: JobID(trusted: ids.next()), key: ids.next(), now: now)
        content.save(job, verb: "enqueue", now: now)
        content.deliveries[job.id] = [delivery]
        content.books[new.folder, default: LedgerBooks()].seen += 1
        if let id = new.supersedes, var old = content.jobs[id], old.supersede(by: job.id, now: now) {
            content.save(old, verb: "supersede", now: now)
        }
        return EnqueuedJob(job: job, isNew: true)
    }

    /// Hands out the jobs that are due.
    public func claim(_ request: ClaimRequest) throws -> [ClaimedJob] {
        try transact { content, now in
            rescue(&content, now)
            followClock(&content, now)
            for job in content.jobs.values where job.state == .paused {
                guard let until = job.pausedUntil, until <= now else { continue }
                var job = job
                job.unpause(now: now)
                content.save(job, verb: "unpause", now: now)
            }
            var claimed: [ClaimedJob] = []
            while claimed.count < request.limit, let next = claimNext(request, &content, now) { claimed.append(next) }
            return claimed
        }
    }

    /// Keeps the delays of what waits after the clock was set back. Moments that a person named stay what they are.
    private func followClock(_ content: inout InMemoryContent, _ now: LedgerInstant) {
        for var job in content.jobs.values where job.state == .waiting && job.since > now {
            job.dueAt.milliseconds -= job.since.milliseconds - now.milliseconds
            job.since = now
            content.jobs[job.id] = job
        }
        content.holds = content.holds.map { hold in
            guard hold.since > now, let until = hold.until, until > hold.since, hold.reason.code != JobReason.byRequest
            else { return hold }
            var hold = hold
            hold.until = LedgerInstant(milliseconds: until.milliseconds - hold.since.milliseconds + now.milliseconds)
            hold.since = now
            return hold
        }
    }

    private func claimNext(
        _ request: ClaimRequest, _ content: inout InMemoryContent, _ now: LedgerInstant
    ) -> ClaimedJob? {
        let hasSuspect = content.jobs.values.contains { $0.state == .running && $0.crashes > 0 }
        let heads = content.jobs.values.filter { job in
            job.isDue(now: now) && (job.crashes == 0 || !hasSuspect)
                && request.reaches(job, pending: content.pending(job.id))
                && !content.holds.contains {
                    $0.holds(folder: job.folder, account: job.account, step: job.step, now: now)
                }
        }.map { job in
            let lane = JobLane(job)
            return LaneHead(
                lane: lane, served: content.served[job.folder] ?? 0,
                claimedAt: content.claimedAt[lane] ?? LedgerInstant(milliseconds: 0), jobID: job.id, dueAt: job.dueAt)
        }
        guard let head = heads.min(by: { $0.precedes($1, now: now, ageing: policy.ageing) }),
            var job = content.jobs[head.jobID]
        else { return nil }
        job.claim(by: workerID, for: request.lease, now: now)
        content.save(job, verb: "claim", now: now)
        content.served[job.folder] = (content.served.values.max() ?? 0) + 1
        content.claimedAt[head.lane] = now
        return JobLease(job).map {
            ClaimedJob(job: job, lease: $0, pendingDeliveries: content.pending(job.id))
        }
    }

    /// Takes jobs back whose leases ran out, and were not renewed for as long again.
    private func rescue(_ content: inout InMemoryContent, _ now: LedgerInstant) {
        for old in content.jobs.values where old.state == .running {
            guard let until = old.leaseUntil else { continue }
            let lease = until.milliseconds - old.since.milliseconds
            // Less than nothing after a clock was set back.
            let grace = lease > 0 ? min(lease, 60_000) : 60_000
            guard until + .milliseconds(grace) <= now else { continue }
            var job = old
            let ending = job.rescue(.leaseExpired, maximumCrashes: policy.maximumCrashes, now: now)
            content.closeStep(of: old, as: ending, now: now)
            content.save(job, verb: "rescue", now: now)
        }
    }

    /// Extends a lease.
    /// - Throws: `stale_lease`.
    public func renew(_ lease: JobLease, for duration: Duration) throws -> JobLease {
        try transact { content, now in
            var job = try content.job(under: lease)
            job.leaseUntil = now + duration
            content.save(job, verb: nil, now: now)
            return JobLease(job) ?? lease
        }
    }

    /// Does nothing: the ledger ends with the process.
    public func beginWork(under lease: JobLease) {}

    /// Does nothing.
    public func endWork(under lease: JobLease) {}

    /// Records an effect before it is attempted.
    /// - Throws: `stale_lease`; `not_allowed` while another one is open or a submission's outcome is unknown.
    public func recordIntent(_ intent: StepIntent, under lease: JobLease) throws {
        try transact { content, now in
            var job = try content.job(under: lease)
            let id = ids.next()
            try job.open(intent, id: id)
            content.steps[job.id, default: []].append(
                StepRecord(
                    id: id, step: job.step, fence: job.fence, state: .intended, repetition: intent.repetition,
                    key: job.key, bodyDigest: intent.bodyDigest, deadline: intent.deadline,
                    keyExpiresAt: intent.keyExpiresAt, payload: intent.payload, begunAt: now))
            content.save(job, verb: "intent", now: now)
        }
    }

    /// Records how a step ended, and with it how its open effect did. The lease ends.
    /// - Throws: `stale_lease`.
    @discardableResult
    public func recordOutcome(
        _ outcome: StepOutcome, payload: String?, under lease: JobLease
    ) throws -> RecordedOutcome {
        try transact { content, now in
            let old = try content.job(under: lease)
            if case .identified(let hash, _) = outcome {
                var identity = old.identity
                identity.contentHash = hash
                if let equal = content.jobs.values.first(where: { $0.id != old.id && $0.isEqualWork(identity) }) {
                    let names = content.deliveries[old.id] ?? []
                    content.forget(old.id)
                    content.books[old.folder]?.seen -= 1
                    content.join(names, to: equal.id, from: old.folder, now: now)
                    return RecordedOutcome(job: content.jobs[equal.id] ?? equal, isJoined: true)
                }
            }
            var job = old
            if let payload { job.payload = payload }
            let ending = job.finish(outcome, pending: content.pending(job.id), now: now)
            content.closeStep(of: old, as: ending, now: now)
            if case .delivered(let names) = outcome {
                content.deliveries[job.id] = content.deliveries[job.id]?.map { delivery in
                    var delivery = delivery
                    if delivery.deliveredAt == nil, names.contains(where: { $0.isSameName(as: delivery) }) {
                        delivery.deliveredAt = now
                    }
                    return delivery
                }
            }
            content.save(job, verb: outcome.verb, now: now)
            return RecordedOutcome(job: job, isJoined: false)
        }
    }

    /// Hands a job back unfinished, at no cost to it.
    /// - Throws: `stale_lease`.
    @discardableResult
    public func release(_ lease: JobLease) throws -> Job {
        try transact { content, now in
            let old = try content.job(under: lease)
            var job = old
            let ending = job.release(now: now)
            content.closeStep(of: old, as: ending, now: now)
            content.save(job, verb: "release", now: now)
            return job
        }
    }
}

extension Job {
    /// True when it is the work that an identity names.
    func isEqualWork(_ other: JobIdentity) -> Bool { other.contentHash != nil && identity == other }
}
