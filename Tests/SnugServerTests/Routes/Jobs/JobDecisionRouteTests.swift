// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugPipeline
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugLedger
@testable import SnugServer

/// What each address does to a job, for every state that it can be in.
@Suite struct JobDecisionRouteTests {
    private static let states: [JobState] = [.waiting, .running, .paused, .delivered, .failed, .held, .cancelled]
    private static let reason = JobReason(code: "test", message: "for a test")

    /// A job that has come into a state by the ledger's own verbs.
    private static func job(_ state: JobState, named name: String, in ledger: any LedgerStore) async throws -> JobID {
        let identity = JobIdentity(contentHash: "hash \(name)", pipeline: "p", options: "{}", version: 1)
        let id = try await ledger.enqueue([NewJob(identity, name: name, folder: name)])[0].job.id
        switch state {
        case .waiting: break
        case .paused: _ = try await ledger.resolve([id], .pause(until: nil))
        case .cancelled: _ = try await ledger.resolve([id], .cancel)
        case .running, .delivered, .failed, .held:
            let lease = try #require(try await ledger.claim(ClaimRequest(limit: 1)).first?.lease)
            switch state {
            case .delivered: _ = try await ledger.recordOutcome(.delivered(ledger.deliveries(of: id)), under: lease)
            case .failed: _ = try await ledger.recordOutcome(.failed(reason), under: lease)
            case .held: _ = try await ledger.recordOutcome(.held(reason), under: lease)
            default: break
            }
        }
        let found = try await ledger.job(id).state
        #expect(found == state)
        return id
    }

    /// An address, and for each state what becomes of the job: `-` 409, else the first letter of its state.
    struct Row: Sendable, CustomTestStringConvertible {
        var method = "POST"
        var action: String
        var results: String
        var testDescription: String { "\(method) \(action)" }
    }

    static let rows = [
        Row(action: "/retry", results: "----www"), Row(action: "/cancel", results: "crc-cc-"),
        Row(method: "DELETE", action: "", results: "crc-cc-"), Row(action: "/drop", results: "----cc-"),
        Row(action: "/pause", results: "p------"), Row(action: "/pause?until=2h", results: "p------"),
        Row(action: "/resume", results: "--w----"), Row(action: "/pay-again", results: "-------"),
    ]

    @Test("A decision is 200 with the job where its state allows it, and else 409 with the state", arguments: rows)
    func table(row: Row) async throws {
        let ledger: any LedgerStore = InMemoryLedger()
        try await withServer(ledger: ledger) { server in
            for (state, expected) in zip(Self.states, row.results) {
                // The job that waits would be the one that the next is claimed in place of.
                let id = try await Self.job(state, named: state.rawValue, in: ledger)
                let response = try await server.send(row.method, "/v1/jobs/\(id)\(row.action)")
                if expected == "-" {
                    #expect(response.status == 409, "\(state)")
                    #expect(response.code == "not_allowed", "\(state)")
                    #expect(response.json["details"]?["state"]?.text == state.rawValue)
                    #expect(try await ledger.job(id).state == state)
                } else {
                    #expect(response.status == 200, "\(state)")
                    #expect(response.json["id"]?.text == id.description)
                    #expect(response.json["state"]?.text?.first == expected, "\(state)")
                }
                // Nothing of it is claimed with the next one.
                try await ledger.pause(.folder(state.rawValue), until: nil, reason: Self.reason)
            }
        }
    }

    @Test("A parameter that a decision does not have is refused with the nearest name, and decides nothing")
    func unknownParameters() async throws {
        let ledger: any LedgerStore = InMemoryLedger()
        let id = try await Self.job(.waiting, named: "a", in: ledger)
        try await withServer(ledger: ledger) { server in
            for (action, code, nearest) in [
                ("\(id)/pause?untill=2h", "unknown_parameter", "until"),
                ("\(id)/pause?until=2h&until=3h", "invalid_parameter", nil),
                ("\(id)/pause?until=yesterday-ish", "invalid_parameter", nil),
                ("\(id)/cancel?until=2h", "unknown_parameter", nil), ("\(id)/cancel?force=1", "unknown_parameter", nil),
                ("all/cancel?state=waiting&until=2h", "unknown_parameter", nil),
                ("all/pause?state=waiting&untill=2h", "unknown_parameter", nil),
                ("all/cancel?stat=waiting", "unknown_parameter", "state"),
                ("all/cancel?state=waitin", "invalid_parameter", nil), ("all/pause?until=2h", "no_condition", nil),
                ("all/cancel?limit=%", "bad_query", nil),
            ] as [(String, String, String?)] {
                let response = try await server.send("POST", "/v1/jobs/\(action)")
                #expect(response.status == 400, "\(action)")
                #expect(response.code == code, "\(action)")
                if let nearest { #expect(response.json["details"]?["nearest"]?.text == nearest, "\(action)") }
                #expect(try await ledger.job(id).state == .waiting, "\(action)")
            }
        }
    }

    @Test("Pages have each job once while others come in, also with a filter")
    func pagesUnderInserts() async throws {
        let ledger: any LedgerStore = InMemoryLedger()
        @Sendable func add(_ names: [String], _ folder: String) async throws -> [String] {
            try await ledger.enqueue(
                names.map {
                    NewJob(
                        JobIdentity(contentHash: "\(folder) \($0)", pipeline: "p", options: "{}", version: 1), name: $0,
                        folder: folder)
                }
            ).map(\.job.id.description)
        }
        let first = try await add((0..<7).map { "a\($0)" }, "inbox")
        _ = try await add(["x"], "other")
        try await withServer(ledger: ledger) { server in
            var (found, path): ([String], String?) = ([], "/v1/jobs?folder=inbox&limit=3")
            var round = 0
            while let next = path {
                let page = try await server.send(next).json
                found += page["jobs"]?.elements.compactMap { $0["id"]?.text } ?? []
                path = page["next"]?.text.map { "/v1/jobs?folder=inbox&limit=3&before=\($0)" }
                round += 1
                _ = try await add(["new \(round)", "newer \(round)"], "inbox")
            }
            #expect(found == first.reversed())
            #expect(round == 3)
            #expect(try await server.send("/v1/jobs?folder=inbox&limit=1000").json["next"] == nil)
            let last = try await server.send("/v1/jobs?before=\(first[0])").json
            #expect(last["jobs"]?.elements.isEmpty == true)
            #expect(last["next"] == nil)
        }
    }

    @Test(
        "An error of the ledger or the daemon has the status that follows the fault, and a time where it passes",
        arguments: [
            (ServiceError(LedgerError(.notFound, "m")), 404, nil),
            (ServiceError(LedgerError(.notAllowed, "m")), 409, nil),
            (ServiceError(LedgerError(.busy, "m")), 503, .seconds(5)),
            (ServiceError(LedgerError(.diskFull, "m")), 503, .seconds(5)),
            (ServiceError(LedgerError(.closed, "m")), 503, .seconds(5)),
            (ServiceError(LedgerError(.corrupt, "m")), 503, .seconds(5)),
            (ServiceError(DaemonError(.notRunning, "m")), 503, .seconds(1)),
            (ServiceError(DaemonError(.ioFailed, "m")), 503, .seconds(30)),
        ] as [(ServiceError, Int, Duration?)])
    func statuses(error: ServiceError, status: Int, wait: Duration?) throws {
        #expect(error.status.code == status)
        #expect(error.retryAfter == wait)
    }
}
