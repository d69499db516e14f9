// SPDX-License-Identifier: Apache-2.0

/// The fifth version of the tables: names that wait in another folder than their job's, which hosts of a fleet look for.
///
/// It has landed: it never changes again.
enum Migration5 {
    static let name = "5 joined names"

    static let statements = [
        "ALTER TABLE deliveries ADD COLUMN joined INTEGER NOT NULL DEFAULT 0 CHECK (joined IN (0, 1))",
        """
        UPDATE deliveries SET joined = 1
            WHERE folder <> (SELECT jobs.folder FROM jobs WHERE jobs.id = deliveries.job_id)
        """,
        """
        CREATE INDEX deliveries_joined ON deliveries (folder, job_id) WHERE joined = 1 AND delivered_at IS NULL
        """,
    ]
}
