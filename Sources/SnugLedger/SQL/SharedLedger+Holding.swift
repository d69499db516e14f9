// SPDX-License-Identifier: Apache-2.0

extension SharedLedger {
    /// Holds up the submissions of an account, and of no other, until a moment.
    public func park(account: String, until: LedgerInstant, reason: JobReason) async throws {
        try await transact {
            try $0.insert(
                LedgerHold(kind: .park, scope: .account(account), until: until, reason: reason, since: $0.now))
        }
    }

    /// Lets a parked account go.
    public func unpark(account: String) async throws {
        try await transact { try $0.removeHold(.park, .account(account)) }
    }

    /// Holds up a folder, an account, a step or everything until a moment or until lifted.
    public func pause(_ scope: PauseScope, until: LedgerInstant?, reason: JobReason) async throws {
        try await transact {
            try $0.insert(LedgerHold(kind: .pause, scope: scope, until: until, reason: reason, since: $0.now))
        }
    }

    /// Lifts a pause.
    public func unpause(_ scope: PauseScope) async throws {
        try await transact { try $0.removeHold(.pause, scope) }
    }

    /// The pauses and parked accounts in force.
    public func holds() async throws -> [LedgerHold] { try await look { try $0.holds() } }

    /// Carries out a person's decision for the jobs whose states allow it.
    /// - Returns: The jobs that changed.
    @discardableResult
    public func resolve(_ ids: [JobID], _ resolution: JobResolution) async throws -> [Job] {
        try await transact { transaction in
            var changed: [Job] = []
            for id in ids {
                guard let old = try transaction.job(id) else { continue }
                var job = old
                guard job.resolve(resolution, newKey: transaction.ids.next(), now: transaction.now) else { continue }
                try transaction.save(job, replacing: old, verb: resolution.verb)
                changed.append(job)
            }
            return changed
        }
    }
}

extension JobResolution {
    /// The decision's name in a history.
    var verb: String {
        switch self {
        case .retry: "retry_requested"
        case .payAgain: "pay_again"
        case .drop: "drop"
        case .cancel: "cancel"
        case .pause: "pause"
        case .unpause: "unpause"
        }
    }
}

extension PauseScope {
    /// The two columns that it is kept in.
    var columns: (scope: String, name: String) {
        switch self {
        case .all: ("all", "")
        case .folder(let name): ("folder", name)
        case .account(let name): ("account", name)
        case .step(let step): ("step", step.rawValue)
        }
    }

    init?(scope: String, name: String) {
        switch scope {
        case "all": self = .all
        case "folder": self = .folder(name)
        case "account": self = .account(name)
        case "step":
            guard let step = JobStep(rawValue: name) else { return nil }
            self = .step(step)
        default: return nil
        }
    }
}

extension LedgerTransaction {
    /// The holds that are not over.
    func holds() throws -> [LedgerHold] {
        try fetch(
            HoldRow.self,
            """
            SELECT kind, scope, name, until, reason_code, reason_message, reason_details, since FROM holds
            WHERE until IS NULL OR until > :now ORDER BY kind, scope, name
            """, ["now": now.milliseconds]
        ).compactMap(\.hold)
    }

    /// Puts a hold in place of one of the same kind and scope.
    fileprivate func insert(_ hold: LedgerHold) throws {
        let columns = hold.scope.columns
        try execute(
            """
            INSERT INTO holds (kind, scope, name, until, reason_code, reason_message, reason_details, since)
            VALUES (:kind, :scope, :name, :until, :code, :message, :details, :since)
            ON CONFLICT (kind, scope, name) DO UPDATE SET until = excluded.until, reason_code = excluded.reason_code,
                reason_message = excluded.reason_message, reason_details = excluded.reason_details,
                since = excluded.since
            """,
            [
                "kind": hold.kind.rawValue, "scope": columns.scope, "name": columns.name,
                "until": hold.until?.milliseconds, "code": hold.reason.code, "message": hold.reason.message,
                "details": hold.reason.details, "since": hold.since.milliseconds,
            ])
    }

    fileprivate func removeHold(_ kind: LedgerHold.Kind, _ scope: PauseScope) throws {
        try execute(
            "DELETE FROM holds WHERE kind = :kind AND scope = :scope AND name = :name",
            ["kind": kind.rawValue, "scope": scope.columns.scope, "name": scope.columns.name])
    }
}

private struct HoldRow: SQLRecord {
    let hold: LedgerHold?

    init(row: any SQLRow) throws {
        let (kind, until, since): (LedgerHold.Kind, _, _) = (
            try row.name(0), row.optionalInstant(3), try row.instant(7)
        )
        let reason = JobReason(
            code: try row.requiredText(4), message: try row.requiredText(5), details: row.text(6))
        hold = PauseScope(scope: try row.requiredText(1), name: try row.requiredText(2)).map {
            LedgerHold(kind: kind, scope: $0, until: until, reason: reason, since: since)
        }
    }
}
