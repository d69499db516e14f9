// SPDX-License-Identifier: Apache-2.0

/// The eighth version of the tables: in PostgreSQL, the jobs that wait in a table of their own.
///
/// SQLite has one writer at a time, and its index of waiting jobs is enough.
enum Migration8 {
    static let name = "8 queue"

    static let postgresStatements = [table, upkeep, filling]

    /// The hot table: what claims read. A job is in it while it waits, so it stays as small as the work that is left, however
    /// many jobs are over, and is cleaned of dead rows in no time.
    private static let table = """
        CREATE TABLE queue (
            job_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
            folder TEXT COLLATE "C" NOT NULL,
            account TEXT COLLATE "C" NOT NULL,
            step TEXT COLLATE "C" NOT NULL,
            priority BIGINT NOT NULL,
            due_at BIGINT NOT NULL,
            crashes BIGINT NOT NULL
        ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
        CREATE INDEX queue_lane ON queue (folder, account, step, priority, due_at, job_id);
        DROP INDEX jobs_lane;
        """

    /// The database keeps the queue itself, in the transaction that changes the job and under the lock of its row, so that no
    /// verb can forget to.
    private static let upkeep = """
        CREATE FUNCTION keep_queue() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
        BEGIN
            IF TG_OP <> 'DELETE' AND NEW.state = 'waiting' THEN
                INSERT INTO queue (job_id, folder, account, step, priority, due_at, crashes)
                VALUES (NEW.id, NEW.folder, NEW.account, NEW.step, NEW.priority, NEW.due_at, NEW.crashes)
                ON CONFLICT (job_id) DO UPDATE SET folder = excluded.folder, account = excluded.account,
                    step = excluded.step, priority = excluded.priority, due_at = excluded.due_at,
                    crashes = excluded.crashes;
            ELSE
                DELETE FROM queue WHERE job_id = OLD.id;
            END IF;
            RETURN NULL;
        END
        $body$;
        CREATE TRIGGER keep_queue_of_new AFTER INSERT ON jobs FOR EACH ROW
            WHEN (NEW.state = 'waiting') EXECUTE FUNCTION keep_queue();
        CREATE TRIGGER keep_queue_of_changed AFTER UPDATE ON jobs FOR EACH ROW
            WHEN (OLD.state = 'waiting' OR NEW.state = 'waiting') EXECUTE FUNCTION keep_queue();
        CREATE TRIGGER keep_queue_of_deleted AFTER DELETE ON jobs FOR EACH ROW
            WHEN (OLD.state = 'waiting') EXECUTE FUNCTION keep_queue();
        """

    private static let filling = """
        INSERT INTO queue (job_id, folder, account, step, priority, due_at, crashes)
        SELECT id, folder, account, step, priority, due_at, crashes FROM jobs WHERE state = 'waiting'
        """
}
