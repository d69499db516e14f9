// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import SnugLedger
import SnugPipeline
import SnugSystem

/// The jobs of the ledger that `snug watch` and `snug jobs` use: lists, reports and decisions.
struct JobRoutes: Sendable {
    let ledger: any LedgerStore
    /// The daemon that watches the folders; `nil` where there is none.
    let daemon: Daemon?

    /// A page of jobs, newest first.
    @Sendable func list(_ request: Request, _ context: ServerContext) async throws -> Response {
        let query = try JobQuery(try ImageRequest.query(of: request), now: .now)
        var filter = query.filter
        // One more, to know whether there is another page.
        filter.limit += 1
        let found = try await ledger.list(filter)
        let hosts = try await FleetHosts(from: ledger)
        let page = found.prefix(query.filter.limit).map(hosts.explained)
        return .json([
            "jobs": .array(page.map(\.json)),
            "next": found.count > page.count ? .optional(page.last?.id.description) : .null,
        ])
    }

    /// The processes that share the ledger.
    @Sendable func hosts(_ request: Request, _ context: ServerContext) async throws -> Response {
        _ = try ImageRequest.query(of: request, among: [])
        return .json(["hosts": .array(try await FleetHosts(from: ledger).hosts.map(\.json))])
    }

    /// Everything that is known about one job.
    @Sendable func show(_ request: Request, _ context: ServerContext) async throws -> Response {
        _ = try ImageRequest.query(of: request, among: [])
        return .json(try await JobReport(of: try await Self.id(context, in: ledger), in: ledger, now: .now).json)
    }

    /// The counts of each folder, how it is watched, and the pauses in force.
    @Sendable func books(_ request: Request, _ context: ServerContext) async throws -> Response {
        .json(try await EventRoutes.state(ledger, daemon))
    }

    /// Cancels a job.
    @Sendable func cancel(_ request: Request, _ context: ServerContext) async throws -> Response {
        _ = try ImageRequest.query(of: request, among: [])
        return try await decide(.cancel, context)
    }

    /// Carries out the decision of the address for one job.
    @Sendable func decide(_ request: Request, _ context: ServerContext) async throws -> Response {
        let resolution = try resolution(request, context)
        _ = try ImageRequest.query(of: request, among: resolution.isPause ? ["until"] : [])
        return try await decide(resolution, context)
    }

    /// Carries out the decision of the address for every job that the query selects.
    @Sendable func decideAll(_ request: Request, _ context: ServerContext) async throws -> Response {
        let resolution = try resolution(request, context)
        // Decisions about money are taken one by one.
        guard resolution != .payAgain else {
            throw ServiceError(
                .badRequest, "not_allowed", "a submission that may have been paid for is repeated for one job at a time"
            )
        }
        let fields = try ImageRequest.query(of: request).filter { !resolution.isPause || $0.name != "until" }
        guard !fields.isEmpty else {
            throw ServiceError(
                .badRequest, "no_condition", "no condition is given; name the jobs, such as by state=failed")
        }
        var filter = try JobQuery(fields, now: .now).filter
        if !fields.contains(where: { $0.name == "limit" }) { filter.limit = .max }
        if filter.states.isEmpty { filter.states = Self.states(of: resolution) }
        var changed = 0
        try await JobSelection.resolve(filter, resolution, in: ledger) { changed += $0.count }
        return .json(["changed": .integer(changed)])
    }

    /// Pauses, or resumes, a folder, an account, a stage or everything.
    @Sendable func hold(_ request: Request, _ context: ServerContext) async throws -> Response {
        let fields = try ImageRequest.query(of: request, among: ["folder", "account", "stage", "until"])
        let until = try fields["until"].map { text throws(ServiceError) in try Self.moment(text) }
        let scope = try Self.scope(fields)
        if request.method == .delete {
            try await ledger.unpause(scope)
            if case .account(let account) = scope { try await daemon?.resume(account: account) }
        } else {
            let reason = JobReason(code: JobReason.byRequest, message: "paused over HTTP")
            try await ledger.pause(scope, until: until, reason: reason)
        }
        return .json(["holds": .array(try await ledger.holds().map(\.json))])
    }

    /// The one scope that the parameters name; everything where they name none.
    private static func scope(_ fields: [String: String]) throws(ServiceError) -> PauseScope {
        let names = ["folder", "account", "stage"].filter { fields[$0] != nil }
        // Names nothing, and would pause nothing.
        if let name = names.first(where: { fields[$0] == "" }) {
            throw .invalidParameter(name, "is empty; give it a value, or leave it out for everything")
        }
        guard names.count <= 1 else {
            throw .invalidParameter(names[1], "is one scope too many; send a request for each")
        }
        switch (fields["folder"], fields["account"], fields["stage"]) {
        case (let folder?, _, _): return .folder(folder)
        case (_, let account?, _): return .account(account)
        case (_, _, let stage?):
            guard let step = JobStep(rawValue: stage) else {
                throw .invalidParameter(
                    "stage", "is none; known are \(JobStep.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return .step(step)
        default: return .all
        }
    }

    // MARK: Decisions

    /// The job of the address.
    /// - Throws: `job_not_found`, `job_ambiguous`.
    static func id(_ context: ServerContext, in ledger: any LedgerStore) async throws -> JobID {
        do {
            return try await JobSelection.id(context.parameters.get("id") ?? "", in: ledger)
        } catch let error as JobSelectionError {
            throw ServiceError(error.code == "job_ambiguous" ? .conflict : .notFound, error.code, error.message)
        }
    }

    private func decide(_ resolution: JobResolution, _ context: ServerContext) async throws -> Response {
        let id = try await Self.id(context, in: ledger)
        guard let job = try await ledger.resolve([id], resolution).first else {
            let job = try await ledger.job(id)
            throw ServiceError(
                .conflict, "not_allowed", "the job is \(job.state.rawValue), which does not allow this",
                details: ["state": .text(job.state.rawValue), "outcome_unknown": .flag(job.isOutcomeUnknown)])
        }
        return .json(job.json)
    }

    private func resolution(_ request: Request, _ context: ServerContext) throws -> JobResolution {
        switch context.parameters.get("action") ?? "" {
        case "retry": return .retry
        case "cancel": return .cancel
        case "drop": return .drop
        case "pay-again": return .payAgain
        case "resume": return .unpause
        case "pause":
            let until = try ImageRequest.query(of: request).first { $0.name == "until" }
            return .pause(until: try until.map { try Self.moment($0.value) })
        case let other:
            throw ServiceError(
                .notFound, "no_such_action",
                "'\(PrintableName.escaped(String(other.prefix(64))))' is no action; known are retry, cancel, drop, pay-again, "
                    + "pause and resume")
        }
    }

    private static func moment(_ text: String) throws(ServiceError) -> LedgerInstant {
        guard let moment = JobMoment.future(text, now: .now) else {
            throw .invalidParameter("until", "is no moment to come; write \(JobMoment.examples)")
        }
        return moment
    }

    /// The states that a decision is about, where a request names none.
    private static func states(of resolution: JobResolution) -> Set<JobState> {
        switch resolution {
        case .retry: [.failed]
        case .drop, .payAgain: [.held, .failed]
        case .cancel: [.waiting, .running, .paused]
        case .pause: [.waiting]
        case .unpause: [.paused]
        }
    }
}

extension JobResolution {
    /// True for a pause, the only decision that has a parameter.
    fileprivate var isPause: Bool {
        if case .pause = self { true } else { false }
    }
}
