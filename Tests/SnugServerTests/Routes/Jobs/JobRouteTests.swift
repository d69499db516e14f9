// SPDX-License-Identifier: Apache-2.0
import ServiceLifecycle
import SnugLedger
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugServer

/// The jobs of a ledger that others work on, as `snug watch` does.
@Suite struct JobRouteTests {
    private let ledger: any LedgerStore = InMemoryLedger()

    /// Puts jobs in, the first one oldest.
    private func add(_ count: Int, folder: String = "inbox", prefix: String = "a") async throws -> [JobID] {
        var ids: [JobID] = []
        for index in 0..<count {
            let name = "\(prefix)\(index)"
            let identity = JobIdentity(contentHash: "hash \(folder) \(name)", pipeline: "p", options: "{}", version: 1)
            ids.append(try await ledger.enqueue([NewJob(identity, name: name, folder: folder)])[0].job.id)
        }
        return ids
    }

    /// Lets every job that is due fail.
    private func failAll() async throws {
        let reason = JobReason(code: "corrupt_input", message: "is broken; send another")
        for claimed in try await ledger.claim(ClaimRequest(limit: 100)) {
            try await ledger.recordOutcome(.failed(reason), under: claimed.lease)
        }
    }

    @Test("A list has pages that follow one another without gap or repetition, newest first")
    func pages() async throws {
        let ids = try await add(5)
        try await withServer(ledger: ledger) { server in
            var (found, path): ([String], String?) = ([], "/v1/jobs?limit=2")
            while let next = path {
                let page = try await server.send(next).json
                let jobs = page["jobs"]?.elements ?? []
                #expect(jobs.count <= 2)
                found += jobs.compactMap { $0["id"]?.text }
                path = page["next"]?.text.map { "/v1/jobs?limit=2&before=\($0)" }
            }
            #expect(found == ids.reversed().map(\.description))
        }
    }

    @Test("Jobs are found by state, folder and text, and one by the beginning of its id")
    func finds() async throws {
        let first = try await add(2)
        try await failAll()
        let other = try await add(1, folder: "other", prefix: "b")
        try await withServer(ledger: ledger) { server in
            func names(_ query: String) async throws -> [String] {
                try await server.send("/v1/jobs?" + query).json["jobs"]?.elements.compactMap { $0["name"]?.text } ?? []
            }
            #expect(try await names("state=failed") == ["a1", "a0"])
            #expect(try await names("folder=other") == ["b0"])
            #expect(try await names("text=a1") == ["a1"])
            #expect(try await names("state=held").isEmpty)
            let report = try await server.send("/v1/jobs/\(first[0])").json
            #expect(report["reason"]?["code"]?.text == "corrupt_input")
            #expect(report["history"]?.elements.isEmpty == false)
            #expect(try await server.send("/v1/jobs/\(other[0])").json["state"]?.text == "waiting")
            let missing = try await server.send("/v1/jobs/" + String(repeating: "0", count: 26))
            #expect(missing.status == 404)
            #expect(missing.code == "job_not_found")
            #expect(try await server.send("/v1/jobs/%00").status == 404)
            // Ids begin with their time: three of the same moment begin alike.
            let start = first[0].description.prefix(2)
            for (method, path) in [("GET", "\(start)"), ("DELETE", "\(start)"), ("POST", "\(start)/cancel")] {
                let several = try await server.send(method, "/v1/jobs/\(path)")
                #expect(several.status == 409, "\(method) \(path)")
                #expect(several.code == "job_ambiguous", "\(method) \(path)")
            }
            let whole = first[0].description
            #expect(try await server.send("/v1/jobs/\(whole.uppercased())").json["id"]?.text == whole)
            #expect(try await server.send("/v1/jobs?state=cancelled").json["jobs"]?.elements.isEmpty == true)
        }
    }

    @Test("A decision changes the job, and one that its state does not allow is 409")
    func decisions() async throws {
        let ids = try await add(2)
        try await failAll()
        try await withServer(ledger: ledger) { server in
            let retried = try await server.send("POST", "/v1/jobs/\(ids[0])/retry")
            #expect(retried.status == 200)
            #expect(retried.json["state"]?.text == "waiting")
            let again = try await server.send("POST", "/v1/jobs/\(ids[0])/retry")
            #expect(again.status == 409)
            #expect(again.code == "not_allowed")
            #expect(again.json["details"]?["state"]?.text == "waiting")
            #expect(try await server.send("POST", "/v1/jobs/\(ids[0])/pause?until=2h").json["state"]?.text == "paused")
            #expect(try await server.send("POST", "/v1/jobs/\(ids[0])/resume").json["state"]?.text == "waiting")
            #expect(try await server.send("DELETE", "/v1/jobs/\(ids[0])").json["state"]?.text == "cancelled")
            #expect(try await server.send("POST", "/v1/jobs/\(ids[1])/drop").json["state"]?.text == "cancelled")
            #expect(try await server.send("POST", "/v1/jobs/\(ids[1])/explode").code == "no_such_action")
        }
    }

    @Test("A decision for all that a filter selects changes those and no others, and needs a condition")
    func bulk() async throws {
        _ = try await add(3)
        _ = try await add(2, folder: "other", prefix: "b")
        try await failAll()
        try await withServer(ledger: ledger) { server in
            #expect(try await server.send("POST", "/v1/jobs/all/retry?folder=inbox").json["changed"]?.amount == 3)
            let states = try await server.send("/v1/jobs").json["jobs"]?.elements.compactMap { $0["state"]?.text }
            #expect(states == ["failed", "failed", "waiting", "waiting", "waiting"])
            #expect(try await server.send("POST", "/v1/jobs/all/retry").code == "no_condition")
            #expect(try await server.send("POST", "/v1/jobs/all/pay-again?state=held").code == "not_allowed")
            #expect(
                try await server.send("POST", "/v1/jobs/all/cancel?state=waiting&limit=2").json["changed"]?.amount == 2)
        }
    }

    @Test("Pauses are set, listed and lifted, for one scope at a time")
    func pauses() async throws {
        try await withServer(ledger: ledger) { server in
            let held = try await server.send("POST", "/v1/pauses?folder=inbox&until=2h").json["holds"]?.elements
            #expect(held?.count == 1)
            #expect(held?.first?["scope"]?.text == "folder")
            #expect(held?.first?["name"]?.text == "inbox")
            #expect(held?.first?["until"]?.text != nil)
            #expect(try await server.send("POST", "/v1/pauses?folder=a&stage=fit").code == "invalid_parameter")
            #expect(try await server.send("POST", "/v1/pauses?stage=fitt").code == "invalid_parameter")
            #expect(try await server.send("POST", "/v1/pauses?folder=").code == "invalid_parameter")
            #expect(try await server.send("POST", "/v1/pauses?fold=a").code == "unknown_parameter")
            #expect(try await server.send("DELETE", "/v1/pauses?folder=inbox").json["holds"]?.elements.isEmpty == true)
        }
    }

    @Test("Events tell each change of the books, and the connection ends when the server stops")
    func events() async throws {
        let (ledger, adding) = (ledger, self)
        try await withServer({ $0.eventPeriod = .milliseconds(5) }, ledger: ledger) { server in
            let connection = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("GET", "/v1/events", [("Accept", "text/event-stream")]))
                return connection
            }
            func wait(for text: String, in seen: inout String) async throws {
                while !seen.contains(text) {
                    let more = try await onThread { try connection.read() }
                    guard !more.isEmpty else { throw RawConnection.Failure(description: "the stream ended: \(seen)") }
                    seen += String(decoding: more, as: UTF8.self)
                }
            }
            var seen = ""
            try await wait(for: "event: state", in: &seen)
            #expect(seen.lowercased().contains("content-type: text/event-stream"))
            _ = try await adding.add(1)
            try await wait(for: "\"seen\":1", in: &seen)
            _ = try await adding.add(1, prefix: "b")
            try await wait(for: "\"seen\":2", in: &seen)
            await server.group.triggerGracefulShutdown()
            _ = try await onThread { try connection.readToEnd() }
            withExtendedLifetime(ledger) {}
        }
    }

    @Test("The hosts of a fleet are listed, and a job of one that is away says so")
    func hosts() async throws {
        let folder = try TemporaryFolder()
        let ledger = try await SQLiteLedger.open(folder.path.appending("l.sqlite"))
        let notice = """
            {"name": "web1", "role": "watch", "state": "stopped", "worker": "w", "since": 1000, "work": {"steps": ["deliver"], \
            "boundSteps": ["deliver"], "folders": ["in@web1"], "accounts": []}}
            """
        try await ledger.save(notice, as: .hosts, "host:web1")
        var new = NewJob(JobIdentity(contentHash: "h", pipeline: "p"), name: "a.jpg", folder: "in@web1")
        new.step = .deliver
        let id = try await ledger.enqueue([new])[0].job.id
        try await withServer(ledger: ledger) { server in
            let hosts = try await server.send("/v1/hosts").json["hosts"]?.elements ?? []
            #expect(hosts.count == 1 && hosts.first?["name"]?.text == "web1")
            #expect(hosts.first?["state"]?.text == "stopped" && hosts.first?["folders"]?.elements.count == 1)
            let job = try await server.send("/v1/jobs").json["jobs"]?.elements.first
            #expect(job?["reason"]?["code"]?.text == "host_absent")
            let shown = try await server.send("/v1/jobs/\(id)").json
            #expect(shown["next"]?.text?.contains("waits for host web1") == true, "\(shown)")
            #expect(try await server.send("/v1/hosts?x=1").status == 400)
        }
        try await withServer(ledger: self.ledger) { server in
            let none = try await server.send("/v1/hosts").json
            #expect(none["hosts"]?.elements.isEmpty == true)
        }
        try await ledger.close()
    }
}
