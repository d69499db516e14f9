// SPDX-License-Identifier: Apache-2.0

/// The sixth version of the tables: the objects of a fleet's storage that jobs refer to, and when it was swept.
///
/// It has landed: it never changes again.
enum Migration6 {
    static let name = "6 objects of jobs"

    static let statements = [jobObjects, sweeps]

    private static let jobObjects = """
        CREATE TABLE job_objects (
            digest TEXT NOT NULL,
            job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            PRIMARY KEY (digest, job_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX job_objects_job ON job_objects (job_id, digest);
        """

    private static let sweeps = """
        CREATE TABLE sweeps (
            key TEXT NOT NULL PRIMARY KEY,
            payload TEXT NOT NULL,
            version INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            expires_at INTEGER
        ) STRICT;
        CREATE INDEX sweeps_created ON sweeps (created_at, key);
        CREATE INDEX sweeps_expiry ON sweeps (expires_at) WHERE expires_at IS NOT NULL;
        """
}
