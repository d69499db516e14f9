// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

/// `snug jobs` as a built program, on a ledger that others use at the same time.
@Suite struct JobsCommandTests {
    private let snug: CommandFolder
    private let ledger: SQLiteLedger

    init() async throws {
        var snug = try CommandFolder()
        snug.runner.environment["SNUG_STATE_DIR"] = "state"
        self.snug = snug
        ledger = try await SQLiteLedger.open(snug.folder.path.appending("state/ledger.sqlite"))
    }

    @discardableResult
    private func add(
        _ name: String, folder: String = "inbox", account: String = "", _ outcome: StepOutcome? = nil,
        _ pipeline: String = "fit,generate"
    ) async throws -> Job {
        let new = NewJob(
            JobIdentity(contentHash: "hash of \(name)", pipeline: pipeline), name: name, folder: folder,
            account: account, step: .submit)
        let job = try #require(try await ledger.enqueue([new]).first).job
        guard let outcome else { return job }
        while let claim = try await ledger.claim(ClaimRequest()).first {
            guard claim.job.id == job.id else {
                try await ledger.release(claim.lease)
                continue
            }
            if case .unknown = outcome { try await ledger.recordIntent(StepIntent(.never), under: claim.lease) }
            if case .delivered = outcome {
                try await ledger.recordOutcome(.advanced(to: .deliver), under: claim.lease)
                let delivery = try #require(try await ledger.claim(ClaimRequest([.deliver])).first)
                try await ledger.recordOutcome(.delivered(delivery.pendingDeliveries), under: delivery.lease)
            } else {
                try await ledger.recordOutcome(outcome, under: claim.lease)
            }
            break
        }
        return try await ledger.job(job.id)
    }

    private static let fault = JobReason(code: "corrupt_input", message: "the file ends inside its image data")

    private func objects(_ arguments: String...) throws -> [[String: Any]] {
        let result = try snug.runner.run(["jobs"] + arguments + ["--json"])
        #expect(result.exitCode == 0, "\(result.standardError)")
        return try CommandFolder.objects(result)
    }

    @Test("The list is newest first, and conditions narrow it")
    func lists() async throws {
        let failed = try await add("a.jpg", .failed(Self.fault))
        let held = try await add(
            "b.jpg", .unknown(JobReason(code: "outcome_unknown", message: "the response was lost")))
        let waiting = try await add("beach.jpg", folder: "other", account: "main")
        func ids(_ arguments: String...) throws -> [String] {
            let result = try snug.runner.run(["jobs"] + arguments + ["--json"])
            return try CommandFolder.objects(result).compactMap { $0["id"] as? String }
        }
        let all = [waiting, held, failed].map(\.id.description)
        #expect(try ids() == all)
        #expect(try ids("list") == all)
        #expect(try ids("--limit", "2") == Array(all.prefix(2)))
        #expect(try ids("--failed") == [all[2]])
        #expect(try ids("--failed", "--held") == [all[1], all[2]])
        #expect(try ids("--folder", "other") == [all[0]])
        #expect(try ids("--account", "main", "--waiting") == [all[0]])
        #expect(try ids("--text", "BEACH") == [all[0]])
        #expect(try ids("--text", "ends inside") == [all[2]])
        #expect(try ids("--since", "1h") == all)
        #expect(try ids("--since", "2100-01-01").isEmpty)
        let text = try snug.snug("jobs")
        #expect(text.lines.count == 4)
        #expect(text.standardOutput.contains("failed"))
        #expect(text.standardOutput.contains("the file ends inside its image data"))
        #expect(try snug.snug("jobs", "--limit", "1").standardError.contains("There are more"))
    }

    @Test("A job's JSON: these keys, in this order")
    func json() async throws {
        let job = try await add("a.jpg", account: "main", .failed(Self.fault))
        let line = try snug.snug("jobs", "--json").standardOutput
        #expect(
            line.hasPrefix(
                #"{"id":"\#(job.id)","name":"a.jpg","folder":"inbox","account":"main","state":"failed","stage":"#),
            "\(line)")
        #expect(
            line.contains(
                #""reason":{"code":"corrupt_input","message":"the file ends inside its image data","details":{}}"#))
        #expect(line.contains(#""outcome_unknown":false,"cancel_requested":false,"worker":null,"lease_until":null,"#))
        #expect(line.contains(#""content_hash":"hash of a.jpg","payload":{}}"#))
    }

    @Test("One job is shown with its history, its effects and its names, by a shortened id")
    func shows() async throws {
        let job = try await add("a.jpg", .unknown(JobReason(code: "outcome_unknown", message: "the response was lost")))
        let short = String(job.id.description.prefix(12))
        let object = try #require(try objects("show", short).first)
        let verbs = try #require(object["history"] as? [[String: Any]]).compactMap { $0["verb"] as? String }
        #expect(verbs.first == "enqueue" && verbs.last == "unknown", "\(verbs)")
        #expect((object["steps"] as? [[String: Any]])?.first?["state"] as? String == "unknown")
        #expect((object["deliveries"] as? [[String: Any]])?.first?["name"] as? String == "a.jpg")
        let text = try snug.snug("jobs", "show", short).standardOutput
        #expect(text.hasPrefix("held  \(job.id)\n"))
        #expect(text.contains("snug jobs resolve \(job.id) --pay-again"))
        #expect(text.contains("history\n"))
    }

    @Test("What failed is tried again, by id and by conditions, and a submission in doubt never is")
    func retries() async throws {
        let first = try await add("a.jpg", .failed(Self.fault))
        let second = try await add("b.jpg", .failed(Self.fault))
        let doubtful = try await add("c.jpg", .unknown(JobReason(code: "outcome_unknown", message: "lost")))
        #expect(try snug.snug("jobs", "retry", "\(first.id)").exitCode == 0)
        #expect(try await ledger.job(first.id).state == .waiting)
        #expect(try await ledger.job(second.id).state == .failed)
        #expect(try snug.snug("jobs", "retry", "--failed").standardError == "1 job will be tried again\n")
        #expect(try await ledger.job(second.id).state == .waiting)
        let refused = try snug.snug("jobs", "retry", "\(doubtful.id)", "--json")
        #expect(refused.exitCode == 1)
        #expect(refused.standardOutput.contains(#""error":{"code":"not_allowed","message":"\#(doubtful.id): its paid"#))
        let upload = try await add("d.jpg", .unknown(JobReason(code: "outcome_unknown", message: "lost")), "fit,upload")
        let told = try snug.snug("jobs", "retry", "\(upload.id)").standardError
        #expect(told.contains("its upload may have reached the server") && !told.contains("paid"), "\(told)")
        #expect(!(try snug.snug("jobs", "show", "\(upload.id)").standardOutput.contains("may pay")))
        #expect(try snug.snug("jobs", "retry", "--held").standardError == "0 jobs will be tried again\n")
        #expect(try await ledger.job(doubtful.id).state == .held)
        let none = try snug.snug("jobs", "retry")
        #expect(none.exitCode == 64 && none.standardError.contains("no job is named"))
    }

    @Test("A held job is paid again or dropped, and only when one of the two is said")
    func resolves() async throws {
        let first = try await add("a.jpg", .unknown(JobReason(code: "outcome_unknown", message: "lost")))
        let second = try await add("b.jpg", .unknown(JobReason(code: "outcome_unknown", message: "lost")))
        #expect(try snug.snug("jobs", "resolve", "\(first.id)").exitCode == 64)
        #expect(try snug.snug("jobs", "resolve", "\(first.id)", "--drop", "--pay-again").exitCode == 64)
        #expect(try await ledger.job(first.id).state == .held)
        #expect(try snug.snug("jobs", "resolve", "\(first.id)", "--pay-again").exitCode == 0)
        let again = try await ledger.job(first.id)
        #expect(again.state == .waiting && again.step == .submit && again.key != first.key)
        #expect(try snug.snug("jobs", "resolve", "\(second.id)", "--drop").exitCode == 0)
        #expect(try await ledger.job(second.id).state == .cancelled)
    }

    @Test("Jobs are cancelled, and one that is over says so")
    func cancels() async throws {
        let waiting = try await add("a.jpg")
        let done = try await add("b.jpg", .delivered([]))
        #expect(try snug.snug("jobs", "cancel", "\(waiting.id)").exitCode == 0)
        #expect(try await ledger.job(waiting.id).state == .cancelled)
        let late = try snug.snug("jobs", "cancel", "\(done.id)")
        #expect(late.exitCode == 1)
        #expect(late.standardError == "Error: \(done.id): it is delivered, and so it is over\n")
    }

    @Test("Pauses hold until they are lifted or over, and are shown with every list")
    func pauses() async throws {
        try await add("a.jpg")
        #expect(try snug.snug("jobs", "pause", "--folder", "inbox").standardOutput.contains("until snug jobs resume"))
        #expect(try await ledger.claim(ClaimRequest()).isEmpty)
        #expect(try snug.snug("jobs").standardError.hasPrefix("The pause of folder inbox lasts until snug jobs resume"))
        let object = try #require(try objects("pause", "--stage", "submit", "--until", "2h").first)
        #expect(object["scope"] as? String == "stage" && object["until"] is String)
        #expect(try await ledger.holds().count == 2)
        #expect(try snug.snug("jobs", "resume").standardError.contains("Nothing of that name was paused."))
        #expect(try snug.snug("jobs", "resume", "--folder", "inbox").exitCode == 0)
        #expect(try snug.snug("jobs", "resume", "--stage", "submit").exitCode == 0)
        #expect(try await ledger.claim(ClaimRequest()).count == 1)
        let unknown = try snug.snug("jobs", "pause", "--folder", "inbx", "--until", "1s")
        #expect(unknown.exitCode == 0 && unknown.standardError.contains("did you mean inbox?"), "\(unknown)")
        let wrong = try snug.snug("jobs", "pause", "--stage", "uplod")
        #expect(wrong.exitCode == 64 && wrong.standardError.contains("Did you mean upload?"))
    }

    @Test("A parked account goes on after resume")
    func unparks() async throws {
        try await add("a.jpg", account: "main")
        let until = LedgerInstant(milliseconds: 4_000_000_000_000)
        try await ledger.park(
            account: "main", until: until, reason: JobReason(code: "insufficient_credit", message: "402"))
        #expect(try snug.snug("jobs").standardError.contains("The provider's limit on account main lasts until"))
        #expect(try snug.snug("jobs", "resume", "--account", "main").exitCode == 0)
        #expect(try await ledger.holds().isEmpty)
    }

    @Test("The books of each folder balance, for people and for programs")
    func status() async throws {
        try await add("a.jpg", .failed(Self.fault))
        try await add("b.jpg", folder: "other")
        let lines = try snug.snug("jobs", "status").lines
        #expect(lines.count == 4 && lines[3].hasPrefix("all"))
        let object = try #require(try objects("status").first)
        #expect(object["folder"] as? String == "inbox" && object["seen"] as? Int == 1 && object["failed"] as? Int == 1)
        #expect(object["balanced"] as? Bool == true)
    }

    @Test("Pruning forgets what is over and old, and never what is held")
    func prunes() async throws {
        try await add("a.jpg", .delivered([]))
        try await add("b.jpg", .held(Self.fault))
        #expect(try snug.snug("jobs", "prune").standardOutput == "0 jobs forgotten\n")
        let result = try snug.snug("jobs", "prune", "--delivered", "0s", "--json")
        #expect(result.standardOutput == #"{"pruned":1}"# + "\n")
        #expect(try await ledger.list(JobFilter()).map(\.state) == [.held])
        #expect(try snug.snug("jobs", "prune", "--failed", "soon").exitCode == 64)
    }

    @Test("Without a ledger, and without the job, the error says what to do, and as JSON in one shape")
    func missing() throws {
        let other = try snug.snug("jobs", "--state", "elsewhere", "--json")
        #expect(other.exitCode == 1)
        #expect(other.standardOutput.hasPrefix(#"{"error":{"code":"no_ledger","message":"there is no ledger at /"#))
        #expect(other.standardOutput.contains("/elsewhere/ledger.sqlite: nothing was recorded yet."))
        #expect(!snug.folder.files().contains { $0.hasPrefix("elsewhere") })
        #expect(try snug.snug("jobs", "--state", "failed").standardError.contains("for failed jobs, pass --failed."))
        let gone = try snug.snug("jobs", "show", "zzz")
        #expect(gone.exitCode == 1)
        #expect(gone.standardError == "Error: no job's id begins with zzz; snug jobs lists those there are\n")
        #expect(
            try snug.snug("jobs", "show", "a", "--json").standardOutput.contains(#"{"error":{"code":"job_not_found""#))
        #expect(try snug.snug("jobs").standardError == "There are no jobs yet.\n")
    }
}
