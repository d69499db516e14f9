// SPDX-License-Identifier: Apache-2.0

/// The first version of the tables.
///
/// It has landed: it never changes again. What is to be different is a migration of its own.
enum Migration1 {
    static let name = "1 jobs and documents"

    static let statements = [jobs, jobIndexes, steps, events, deliveries, lanes, totals, holds, workers] + documents

    private static let stageNames =
        "'discovered', 'settled', 'fitted', 'uploaded', 'submitted', 'completed', 'delivered'"
    private static let stepNames = "'settle', 'fit', 'upload', 'submit', 'reconcile', 'collect', 'deliver'"
    private static let stateNames = "'waiting', 'running', 'paused', 'delivered', 'failed', 'held', 'cancelled'"

    private static let jobs = """
        CREATE TABLE jobs (
            id TEXT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            folder TEXT NOT NULL,
            account TEXT NOT NULL,
            priority INTEGER NOT NULL CHECK (priority IN (0, 1)),
            content_hash TEXT,
            pipeline TEXT NOT NULL,
            options TEXT NOT NULL,
            version INTEGER NOT NULL,
            stage TEXT NOT NULL CHECK (stage IN (\(stageNames))),
            state TEXT NOT NULL CHECK (state IN (\(stateNames))),
            step TEXT NOT NULL CHECK (step IN (\(stepNames))),
            since INTEGER NOT NULL,
            reason_code TEXT,
            reason_message TEXT,
            reason_details TEXT,
            due_at INTEGER NOT NULL,
            paused_until INTEGER,
            attempt INTEGER NOT NULL CHECK (attempt >= 0),
            crashes INTEGER NOT NULL CHECK (crashes >= 0),
            fence INTEGER NOT NULL CHECK (fence >= 0),
            owner TEXT,
            lease_until INTEGER,
            intent_id TEXT,
            intent_repetition TEXT CHECK (intent_repetition IN ('safe', 'reconcile', 'never')),
            outcome_unknown INTEGER NOT NULL CHECK (outcome_unknown IN (0, 1)),
            cancel_requested INTEGER NOT NULL CHECK (cancel_requested IN (0, 1)),
            idempotency_key TEXT NOT NULL,
            supersedes TEXT,
            payload TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            CHECK ((state = 'running') = (owner IS NOT NULL AND lease_until IS NOT NULL)),
            CHECK (state = 'running' OR (intent_id IS NULL AND cancel_requested = 0)),
            CHECK ((intent_id IS NULL) = (intent_repetition IS NULL)),
            CHECK ((state = 'delivered') = (stage = 'delivered')),
            CHECK (state = 'paused' OR paused_until IS NULL),
            CHECK (NOT (outcome_unknown = 1 AND step = 'submit' AND state = 'waiting'))
        ) STRICT;
        """

    private static let jobIndexes = """
        CREATE UNIQUE INDEX jobs_identity ON jobs (content_hash, pipeline, options, version)
            WHERE content_hash IS NOT NULL;
        CREATE INDEX jobs_lane ON jobs (folder, account, step, priority, due_at, id) WHERE state = 'waiting';
        CREATE INDEX jobs_running ON jobs (owner, lease_until) WHERE state = 'running';
        CREATE INDEX jobs_paused ON jobs (paused_until) WHERE state = 'paused';
        CREATE INDEX jobs_state ON jobs (state, id);
        CREATE INDEX jobs_since ON jobs (state, since);
        CREATE INDEX jobs_folder ON jobs (folder, state, id);
        CREATE INDEX jobs_account ON jobs (account, state, id);
        """

    private static let steps = """
        CREATE TABLE steps (
            id TEXT NOT NULL PRIMARY KEY,
            job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            step TEXT NOT NULL CHECK (step IN (\(stepNames))),
            fence INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('intended', 'done', 'failed', 'unknown')),
            repetition TEXT NOT NULL CHECK (repetition IN ('safe', 'reconcile', 'never')),
            idempotency_key TEXT NOT NULL,
            body_digest TEXT,
            deadline INTEGER,
            key_expires_at INTEGER,
            payload TEXT NOT NULL,
            begun_at INTEGER NOT NULL,
            ended_at INTEGER,
            CHECK ((state = 'intended') = (ended_at IS NULL))
        ) STRICT;
        CREATE INDEX steps_job ON steps (job_id, id);
        CREATE UNIQUE INDEX steps_open ON steps (job_id) WHERE state = 'intended';
        """

    private static let events = """
        CREATE TABLE events (
            id TEXT NOT NULL PRIMARY KEY,
            job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            at INTEGER NOT NULL,
            verb TEXT NOT NULL,
            stage TEXT NOT NULL CHECK (stage IN (\(stageNames))),
            state TEXT NOT NULL CHECK (state IN (\(stateNames))),
            step TEXT NOT NULL CHECK (step IN (\(stepNames))),
            attempt INTEGER NOT NULL,
            fence INTEGER NOT NULL,
            reason_code TEXT,
            reason_message TEXT,
            reason_details TEXT
        ) STRICT;
        CREATE INDEX events_job ON events (job_id, id);
        """

    private static let deliveries = """
        CREATE TABLE deliveries (
            job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            folder TEXT NOT NULL,
            source TEXT,
            delivered_at INTEGER,
            PRIMARY KEY (job_id, folder, name)
        ) STRICT;
        CREATE UNIQUE INDEX deliveries_source ON deliveries (folder, source) WHERE source IS NOT NULL;
        """

    private static let lanes = """
        CREATE TABLE lanes (
            folder TEXT NOT NULL,
            account TEXT NOT NULL,
            step TEXT NOT NULL CHECK (step IN (\(stepNames))),
            priority INTEGER NOT NULL CHECK (priority IN (0, 1)),
            served INTEGER NOT NULL,
            claimed_at INTEGER NOT NULL,
            PRIMARY KEY (folder, account, step, priority)
        ) STRICT;
        """

    private static let totals = """
        CREATE TABLE totals (
            folder TEXT NOT NULL PRIMARY KEY,
            seen INTEGER NOT NULL,
            joined INTEGER NOT NULL,
            pruned_delivered INTEGER NOT NULL,
            pruned_cancelled INTEGER NOT NULL,
            pruned_failed INTEGER NOT NULL
        ) STRICT;
        """

    private static let holds = """
        CREATE TABLE holds (
            kind TEXT NOT NULL CHECK (kind IN ('pause', 'park')),
            scope TEXT NOT NULL CHECK (scope IN ('all', 'folder', 'account', 'step')),
            name TEXT NOT NULL,
            until INTEGER,
            reason_code TEXT NOT NULL,
            reason_message TEXT NOT NULL,
            reason_details TEXT,
            since INTEGER NOT NULL,
            PRIMARY KEY (kind, scope, name)
        ) STRICT;
        """

    private static let workers = """
        CREATE TABLE workers (
            id TEXT NOT NULL PRIMARY KEY,
            process INTEGER NOT NULL,
            started_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE locks (
            name TEXT NOT NULL PRIMARY KEY,
            owner TEXT NOT NULL,
            fence INTEGER NOT NULL,
            taken_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX locks_owner ON locks (owner);
        """

    private static let documents = [
        "uploads", "host_limits", "generations", "account_limits", "account_standing", "input_limits", "sessions",
    ].map { table in
        """
        CREATE TABLE \(table) (
            key TEXT NOT NULL PRIMARY KEY,
            payload TEXT NOT NULL,
            version INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            expires_at INTEGER
        ) STRICT;
        CREATE INDEX \(table)_created ON \(table) (created_at, key);
        CREATE INDEX \(table)_expiry ON \(table) (expires_at) WHERE expires_at IS NOT NULL;
        """
    }
}
