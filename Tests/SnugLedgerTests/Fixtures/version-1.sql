-- A ledger as the first version of its tables left it.
PRAGMA application_id = 1399747943;
CREATE TABLE account_limits (
    key TEXT NOT NULL PRIMARY KEY,
    payload TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
INSERT INTO "account_limits" VALUES('k','{"of":"account_limits"}',2,1800000000000,1800000000001,NULL);
CREATE TABLE account_standing (
    key TEXT NOT NULL PRIMARY KEY,
    payload TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
INSERT INTO "account_standing" VALUES('k','{"of":"account_standing"}',2,1800000000000,1800000000001,NULL);
CREATE TABLE deliveries (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    folder TEXT NOT NULL,
    source TEXT,
    delivered_at INTEGER,
    PRIMARY KEY (job_id, folder, name)
) STRICT;
INSERT INTO "deliveries" VALUES('01mc4xw0000000000000000001','waiting.jpg','inbox','source 0',NULL);
INSERT INTO "deliveries" VALUES('01mc4xw0000000000000000002','held.jpg','inbox','source 1',NULL);
INSERT INTO "deliveries" VALUES('01mc4xw0000000000000000003','delivered.jpg','inbox','source 2',1800000000000);
INSERT INTO "deliveries" VALUES('01mc4xw0000000000000000004','running.jpg','inbox','source 3',NULL);
CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    verb TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('discovered', 'settled', 'fitted', 'uploaded', 'submitted', 'completed', 'delivered')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'paused', 'delivered', 'failed', 'held', 'cancelled')),
    step TEXT NOT NULL CHECK (step IN ('settle', 'fit', 'upload', 'submit', 'reconcile', 'collect', 'deliver')),
    attempt INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    reason_code TEXT,
    reason_message TEXT,
    reason_details TEXT
) STRICT;
INSERT INTO "events" VALUES('01mc4xy0000000000000000000','01mc4xw0000000000000000001',1800000000000,'enqueue','settled','waiting','fit',0,0,NULL,NULL,NULL);
INSERT INTO "events" VALUES('01mc4xy0000000000000000001','01mc4xw0000000000000000002',1800000000000,'enqueue','uploaded','held','submit',0,0,NULL,NULL,NULL);
INSERT INTO "events" VALUES('01mc4xy0000000000000000002','01mc4xw0000000000000000003',1800000000000,'enqueue','delivered','delivered','deliver',0,0,NULL,NULL,NULL);
INSERT INTO "events" VALUES('01mc4xy0000000000000000003','01mc4xw0000000000000000004',1800000000000,'enqueue','fitted','running','upload',0,0,NULL,NULL,NULL);
CREATE TABLE generations (
    key TEXT NOT NULL PRIMARY KEY,
    payload TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
INSERT INTO "generations" VALUES('k','{"of":"generations"}',2,1800000000000,1800000000001,NULL);
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO "grdb_migrations" VALUES('1 jobs and documents');
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
INSERT INTO "holds" VALUES('pause','folder','other',NULL,'by_request','paused',NULL,1800000000000);
CREATE TABLE host_limits (
    key TEXT NOT NULL PRIMARY KEY,
    payload TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
INSERT INTO "host_limits" VALUES('k','{"of":"host_limits"}',2,1800000000000,1800000000001,NULL);
CREATE TABLE input_limits (
    key TEXT NOT NULL PRIMARY KEY,
    payload TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
INSERT INTO "input_limits" VALUES('k','{"of":"input_limits"}',2,1800000000000,1800000000001,NULL);
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
    stage TEXT NOT NULL CHECK (stage IN ('discovered', 'settled', 'fitted', 'uploaded', 'submitted', 'completed', 'delivered')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'paused', 'delivered', 'failed', 'held', 'cancelled')),
    step TEXT NOT NULL CHECK (step IN ('settle', 'fit', 'upload', 'submit', 'reconcile', 'collect', 'deliver')),
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
INSERT INTO "jobs" VALUES('01mc4xw0000000000000000001','waiting.jpg','inbox','acc',1,'hash 0','p','{}',1,'settled','waiting','fit',1800000000000,NULL,NULL,NULL,1800000000000,NULL,0,0,1,NULL,NULL,NULL,NULL,0,0,'key 0',NULL,'{"n":0}',1800000000000);
INSERT INTO "jobs" VALUES('01mc4xw0000000000000000002','held.jpg','inbox','acc',1,'hash 1','p','{}',1,'uploaded','held','submit',1800000000000,'outcome_unknown','it may have been paid for',NULL,1800000000000,NULL,0,0,1,NULL,NULL,NULL,NULL,1,0,'key 1',NULL,'{"n":1}',1800000000000);
INSERT INTO "jobs" VALUES('01mc4xw0000000000000000003','delivered.jpg','inbox','acc',1,'hash 2','p','{}',1,'delivered','delivered','deliver',1800000000000,NULL,NULL,NULL,1800000000000,NULL,0,0,1,NULL,NULL,NULL,NULL,0,0,'key 2',NULL,'{"n":2}',1800000000000);
INSERT INTO "jobs" VALUES('01mc4xw0000000000000000004','running.jpg','inbox','acc',1,'hash 3','p','{}',1,'fitted','running','upload',1800000000000,NULL,NULL,NULL,1800000000000,NULL,1,1,1,'01mc4xzgone00000000000000w',1800000060000,NULL,NULL,0,0,'key 3',NULL,'{"n":3}',1800000000000);
CREATE TABLE lanes (
    folder TEXT NOT NULL,
    account TEXT NOT NULL,
    step TEXT NOT NULL CHECK (step IN ('settle', 'fit', 'upload', 'submit', 'reconcile', 'collect', 'deliver')),
    priority INTEGER NOT NULL CHECK (priority IN (0, 1)),
    served INTEGER NOT NULL,
    claimed_at INTEGER NOT NULL,
    PRIMARY KEY (folder, account, step, priority)
) STRICT;
INSERT INTO "lanes" VALUES('inbox','acc','fit',1,0,0);
CREATE TABLE locks (
    name TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    fence INTEGER NOT NULL,
    taken_at INTEGER NOT NULL
) STRICT;
INSERT INTO "locks" VALUES('generation:a','01mc4xzgone00000000000000w',3,1800000000000);
CREATE TABLE sessions (
    key TEXT NOT NULL PRIMARY KEY,
    payload TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
INSERT INTO "sessions" VALUES('k','{"of":"sessions"}',2,1800000000000,1800000000001,NULL);
CREATE TABLE steps (
    id TEXT NOT NULL PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    step TEXT NOT NULL CHECK (step IN ('settle', 'fit', 'upload', 'submit', 'reconcile', 'collect', 'deliver')),
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
INSERT INTO "steps" VALUES('01mc4xv0000000000000000001','01mc4xw0000000000000000002','submit',1,'unknown','never','key 1','digest',1800000000009,1800000000099,'{}',1800000000000,1800000000005);
CREATE TABLE totals (
    folder TEXT NOT NULL PRIMARY KEY,
    seen INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    pruned_delivered INTEGER NOT NULL,
    pruned_cancelled INTEGER NOT NULL,
    pruned_failed INTEGER NOT NULL
) STRICT;
INSERT INTO "totals" VALUES('inbox',4,0,0,0,0);
CREATE TABLE uploads (
    key TEXT NOT NULL PRIMARY KEY,
    payload TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
INSERT INTO "uploads" VALUES('k','{"of":"uploads"}',2,1800000000000,1800000000001,NULL);
CREATE TABLE workers (
    id TEXT NOT NULL PRIMARY KEY,
    process INTEGER NOT NULL,
    started_at INTEGER NOT NULL
) STRICT;
INSERT INTO "workers" VALUES('01mc4xzgone00000000000000w',1,1800000000000);
CREATE UNIQUE INDEX jobs_identity ON jobs (content_hash, pipeline, options, version)
    WHERE content_hash IS NOT NULL;
CREATE INDEX jobs_lane ON jobs (folder, account, step, priority, due_at, id) WHERE state = 'waiting';
CREATE INDEX jobs_running ON jobs (owner, lease_until) WHERE state = 'running';
CREATE INDEX jobs_paused ON jobs (paused_until) WHERE state = 'paused';
CREATE INDEX jobs_state ON jobs (state, id);
CREATE INDEX jobs_since ON jobs (state, since);
CREATE INDEX jobs_folder ON jobs (folder, state, id);
CREATE INDEX jobs_account ON jobs (account, state, id);
CREATE INDEX steps_job ON steps (job_id, id);
CREATE UNIQUE INDEX steps_open ON steps (job_id) WHERE state = 'intended';
CREATE INDEX events_job ON events (job_id, id);
CREATE UNIQUE INDEX deliveries_source ON deliveries (folder, source) WHERE source IS NOT NULL;
CREATE INDEX locks_owner ON locks (owner);
CREATE INDEX uploads_created ON uploads (created_at, key);
CREATE INDEX uploads_expiry ON uploads (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX host_limits_created ON host_limits (created_at, key);
CREATE INDEX host_limits_expiry ON host_limits (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX generations_created ON generations (created_at, key);
CREATE INDEX generations_expiry ON generations (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX account_limits_created ON account_limits (created_at, key);
CREATE INDEX account_limits_expiry ON account_limits (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX account_standing_created ON account_standing (created_at, key);
CREATE INDEX account_standing_expiry ON account_standing (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX input_limits_created ON input_limits (created_at, key);
CREATE INDEX input_limits_expiry ON input_limits (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX sessions_created ON sessions (created_at, key);
CREATE INDEX sessions_expiry ON sessions (expires_at) WHERE expires_at IS NOT NULL;
