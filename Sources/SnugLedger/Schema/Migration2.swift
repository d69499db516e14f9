// SPDX-License-Identifier: Apache-2.0

/// The second version of the tables: providers' jobs by the submissions they belong to, and finished uploads of folders.
///
/// It has landed: it never changes again.
enum Migration2 {
    static let name = "2 job claims and finished uploads"

    static let statements = [jobClaims, finishedUploads]

    private static let jobClaims = """
        CREATE TABLE job_claims (
            account TEXT NOT NULL,
            job TEXT NOT NULL,
            submission TEXT NOT NULL,
            claimed_at INTEGER NOT NULL,
            PRIMARY KEY (account, job)
        ) STRICT;
        CREATE INDEX job_claims_age ON job_claims (claimed_at);
        """

    private static let finishedUploads = """
        CREATE TABLE finished_uploads (
            key TEXT NOT NULL PRIMARY KEY,
            payload TEXT NOT NULL,
            version INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            expires_at INTEGER
        ) STRICT;
        CREATE INDEX finished_uploads_created ON finished_uploads (created_at, key);
        CREATE INDEX finished_uploads_expiry ON finished_uploads (expires_at) WHERE expires_at IS NOT NULL;
        """
}
