// SPDX-License-Identifier: Apache-2.0

extension SharedLedger {
    /// Those of these objects of a storage that a job refers to: as its content, or anywhere in its payload.
    public func referredObjects(among digests: [String]) async throws -> Set<String> {
        try await look { transaction in
            var referred: Set<String> = []
            var rest = digests[...]
            while !rest.isEmpty {
                referred.formUnion(try transaction.referred(rest.prefix(LedgerTransaction.objectsAtOnce)))
                rest = rest.dropFirst(LedgerTransaction.objectsAtOnce)
            }
            return referred
        }
    }
}

extension LedgerTransaction {
    /// A page of a storage's list.
    fileprivate static let objectsAtOnce = 1000

    /// Those of at most ``objectsAtOnce`` objects that jobs refer to.
    fileprivate func referred(_ digests: ArraySlice<String>) throws -> [String] {
        // One statement for any number: the last digest fills the places that are left.
        let places = (0..<Self.objectsAtOnce).map { "d\($0)" }
        let padding = repeatElement(digests.last ?? "", count: Self.objectsAtOnce - digests.count)
        let values = zip(places, Array(digests) + padding).map { ($0, SQLValue.text($1)) }
        let list = places.map { ":\($0)" }.joined(separator: ", ")
        return try fetch(
            String.self,
            """
            SELECT digest FROM job_objects WHERE digest IN (\(list))
            UNION ALL SELECT content_hash FROM jobs WHERE content_hash IS NOT NULL AND content_hash IN (\(list))
            """, SQLArguments(values))
    }

    /// Notes objects that a job refers to.
    func addObjects(_ digests: Set<String>, to id: JobID) throws {
        for digest in digests.sorted() {
            try execute(
                "INSERT INTO job_objects (digest, job_id) VALUES (:digest, :job) ON CONFLICT DO NOTHING",
                ["digest": digest, "job": id.description])
        }
    }

    /// Notes what a job with another payload refers to.
    func changeObjects(of job: Job, from old: Job) throws {
        let (before, now) = (ObjectReferences.digests(in: old.payload), ObjectReferences.digests(in: job.payload))
        for digest in before.subtracting(now).sorted() {
            try execute(
                "DELETE FROM job_objects WHERE digest = :digest AND job_id = :job",
                ["digest": digest, "job": job.id.description])
        }
        try addObjects(now.subtracting(before), to: job.id)
    }
}
