// SPDX-License-Identifier: Apache-2.0

extension InMemoryLedger {
    /// Holds up the submissions of an account, and of no other, until a moment.
    public func park(account: String, until: LedgerInstant, reason: JobReason) throws {
        try hold(.park, .account(account), until, reason)
    }

    /// Lets a parked account go.
    public func unpark(account: String) throws { try letGo(.park, .account(account)) }

    /// Holds up a folder, an account, a step or everything until a moment or until lifted.
    public func pause(_ scope: PauseScope, until: LedgerInstant?, reason: JobReason) throws {
        try hold(.pause, scope, until, reason)
    }

    /// Lifts a pause.
    public func unpause(_ scope: PauseScope) throws { try letGo(.pause, scope) }

    private func hold(
        _ kind: LedgerHold.Kind, _ scope: PauseScope, _ until: LedgerInstant?, _ reason: JobReason
    ) throws {
        try transact { content, now in
            content.holds.removeAll { $0.kind == kind && $0.scope == scope }
            content.holds.append(LedgerHold(kind: kind, scope: scope, until: until, reason: reason, since: now))
        }
    }

    private func letGo(_ kind: LedgerHold.Kind, _ scope: PauseScope) throws {
        try transact { content, _ in content.holds.removeAll { $0.kind == kind && $0.scope == scope } }
    }

    /// The pauses and parked accounts in force.
    public func holds() throws -> [LedgerHold] {
        try transact { content, now in
            content.holds.filter { hold in hold.until.map { $0 > now } ?? true }
                .sorted { left, right in
                    let (leftColumns, rightColumns) = (left.scope.columns, right.scope.columns)
                    return (left.kind.rawValue, leftColumns.scope, leftColumns.name)
                        < (right.kind.rawValue, rightColumns.scope, rightColumns.name)
                }
        }
    }

    /// Carries out a person's decision for the jobs whose states allow it.
    /// - Returns: The jobs that changed.
    @discardableResult
    public func resolve(_ jobs: [JobID], _ resolution: JobResolution) throws -> [Job] {
        try transact { content, now in
            jobs.compactMap { id in
                guard var job = content.jobs[id], job.resolve(resolution, newKey: ids.next(), now: now) else {
                    return nil
                }
                content.save(job, verb: resolution.verb, now: now)
                return job
            }
        }
    }

    /// Jobs that failed or were cancelled since a moment, with a name in one of these folders that waits for the result.
    public func endedJobs(since: LedgerInstant?, waitingIn folders: Set<String>) throws -> EndedJobs {
        try transact { content, now in
            guard let since, !folders.isEmpty else { return EndedJobs(at: now) }
            let jobs = content.jobs.values.filter { job in
                [JobState.failed, .cancelled].contains(job.state) && job.since >= since
                    && content.pending(job.id).contains { folders.contains($0.folder) }
            }
            return EndedJobs(jobs, since: since, now: now)
        }
    }

    /// Jobs, newest first.
    public func list(_ filter: JobFilter) throws -> [Job] {
        try transact { content, _ in
            let jobs = content.jobs.values.filter { filter.selects($0) }.sorted { $0.id > $1.id }
            return Array(jobs.prefix(max(0, filter.limit)))
        }
    }

    /// Everything that happened to a job, the oldest first.
    public func history(of id: JobID) throws -> [JobEvent] {
        try transact { content, _ in content.events[id] ?? [] }
    }

    /// The effects of a job, the oldest first.
    public func steps(of id: JobID) throws -> [StepRecord] { try transact { content, _ in content.steps[id] ?? [] } }

    /// The names that a job's result is delivered under.
    public func deliveries(of id: JobID) throws -> [JobDelivery] {
        try transact { content, _ in
            (content.deliveries[id] ?? []).sorted { ($0.folder, $0.name) < ($1.folder, $1.name) }
        }
    }

    /// Those of these source files of a folder that the ledger knows.
    public func knownSources(of folder: String, among sources: [String]) throws -> Set<String> {
        try transact { content, _ in
            let known = content.deliveries.values.joined().filter { $0.folder == folder }.compactMap(\.source)
            return Set(known).intersection(sources)
        }
    }

    /// Those of these objects of a storage that a job refers to: as its content, or anywhere in its payload.
    public func referredObjects(among digests: [String]) throws -> Set<String> {
        try transact { content, _ in
            var referred: Set<String> = []
            for job in content.jobs.values {
                referred.formUnion(ObjectReferences.digests(in: job.payload))
                if let hash = job.identity.contentHash { referred.insert(hash) }
            }
            return referred.intersection(digests)
        }
    }

    /// The counts for each folder.
    public func books() throws -> [String: LedgerBooks] {
        try transact { content, _ in
            var books = content.books
            for job in content.jobs.values {
                books[job.folder, default: LedgerBooks()].states[job.state, default: 0] += 1
            }
            return books
        }
    }

    /// Forgets jobs that have been over for long enough.
    /// - Returns: How many.
    @discardableResult
    public func prune(_ policy: PruningPolicy) throws -> Int {
        try transact { content, now in
            content.holds.removeAll { hold in hold.until.map { $0 <= now } ?? false }
            var count = 0
            for job in content.jobs.values {
                guard let age = policy.ages.first(where: { $0.state == job.state })?.age, job.since < now - age,
                    !job.isOutcomeUnknown, policy.folders?.contains(job.folder) ?? true,
                    !(content.steps[job.id] ?? []).contains(where: { $0.keyExpiresAt.map { $0 > now } ?? false })
                else { continue }
                content.forget(job.id)
                content.books[job.folder]?.states[job.state, default: 0] += 1
                count += 1
            }
            return count
        }
    }
}
