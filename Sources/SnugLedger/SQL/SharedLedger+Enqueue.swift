// SPDX-License-Identifier: Apache-2.0

extension SharedLedger {
    /// Puts work in. Work that the ledger has already gets the new name, and is delivered under both.
    public func enqueue(_ jobs: [NewJob]) async throws -> [EnqueuedJob] {
        try await transact { transaction in
            var tally = EnqueueTally()
            let enqueued = try jobs.map { try transaction.enqueue($0, &tally) }
            for (folder, count) in tally.seen.sorted(by: { $0.key < $1.key }) {
                try transaction.count(seen: count, joined: 0, in: folder)
            }
            return enqueued
        }
    }
}

/// The new jobs of one batch: lanes and totals are written once for all of them.
struct EnqueueTally {
    /// New jobs by their folder.
    var seen: [String: Int] = [:]
    /// Lanes that are there.
    var lanes: Set<JobLane> = []
}

extension LedgerTransaction {
    func enqueue(_ new: NewJob, _ tally: inout EnqueueTally) throws -> EnqueuedJob {
        if let known = try job(ofSource: new.source, in: new.folder) { return EnqueuedJob(job: known, isNew: false) }
        let delivery = JobDelivery(name: new.name, folder: new.folder, source: new.source)
        if let equal = try job(equalTo: new.identity) {
            return EnqueuedJob(job: try join([delivery], to: equal, from: new.folder), isNew: false)
        }
        let job = Job(new, id: JobID(trusted: ids.next()), key: ids.next(), now: now)
        try insert(job, verb: "enqueue")
        if tally.lanes.insert(JobLane(job)).inserted { try ensureLane(of: job) }
        _ = try add(delivery, to: job.id)
        tally.seen[job.folder, default: 0] += 1
        if let id = new.supersedes, let old = try self.job(id) {
            var changed = old
            if changed.supersede(by: job.id, now: now) { try save(changed, replacing: old, verb: "supersede") }
        }
        return EnqueuedJob(job: job, isNew: true)
    }

    /// Adds names to work that is there already.
    func join(_ names: [JobDelivery], to old: Job, from folder: String) throws -> Job {
        var (job, added) = (old, 0)
        for name in names where try add(name, to: old.id) { added += 1 }
        guard added > 0 else { return old }
        if job.join(now: now) { try save(job, replacing: old, verb: nil) }
        try record(job, verb: "join")
        try count(seen: 0, joined: added, in: folder)
        return job
    }

    private func job(ofSource source: String?, in folder: String) throws -> Job? {
        guard let source else { return nil }
        return try fetch(
            JobRow.self,
            """
            SELECT \(JobRow.columns) FROM deliveries JOIN jobs ON jobs.id = deliveries.job_id
            WHERE deliveries.folder = :folder AND deliveries.source = :source
            """, ["folder": folder, "source": source]
        ).first?.job
    }

    func job(equalTo identity: JobIdentity) throws -> Job? {
        guard let hash = identity.contentHash else { return nil }
        return try fetch(
            JobRow.self,
            """
            SELECT \(JobRow.columns) FROM jobs WHERE content_hash = :hash AND pipeline = :pipeline AND options = :options
                AND version = :version\(database.rowLock)
            """,
            ["hash": hash, "pipeline": identity.pipeline, "options": identity.options, "version": identity.version]
        ).first?.job
    }
}
