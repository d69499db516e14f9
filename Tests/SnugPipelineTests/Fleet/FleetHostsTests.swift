// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger
@testable import SnugPipeline

/// The processes of a fleet, as the ledger knows them, and what waits for those that are not there.
@Suite struct FleetHostsTests {
    private static let now = LedgerInstant(milliseconds: 1_800_000_000_000)

    private static func host(
        _ name: String, _ state: FleetHost.State = .running, folders: Set<String> = [], accounts: Set<String> = [],
        hasStorage: Bool = true
    ) -> FleetHost {
        let bound = hasStorage ? FleetRole.boundSteps : Set(JobStep.allCases)
        return FleetHost(
            id: "host:\(name)", name: name, role: .watch, state: state, worker: "w \(name)",
            work: FleetWork(
                steps: Set(JobStep.allCases), reach: ClaimReach(boundSteps: bound, folders: folders, accounts: accounts)
            ),
            since: now, seenAt: now + .seconds(-7200))
    }

    private static func worker(_ state: FleetHost.State = .running, steps: Set<JobStep> = FleetRole.workerSteps)
        -> FleetHost
    {
        FleetHost(
            id: "work:cpu1/1:x", name: "cpu1/1", role: .work, state: state, worker: "w cpu",
            work: FleetWork(
                steps: steps, reach: ClaimReach(boundSteps: FleetRole.boundSteps, folders: [], accounts: ["main"])),
            since: now, seenAt: now)
    }

    /// A job that waits for a step.
    private func job(_ step: JobStep, in folder: String, account: String = "") throws -> Job {
        let identity = JobIdentity(contentHash: "hash", pipeline: "p", options: "{}", version: 1)
        var new = NewJob(identity, name: "a.jpg", folder: folder)
        new.step = step
        new.account = account
        return try InMemoryLedger().enqueue([new])[0].job
    }

    private func absence(
        _ step: JobStep, in folder: String = "in@web1", account: String = "", waitingIn folders: Set<String>? = nil,
        _ hosts: FleetHost...
    ) throws -> String? {
        let reason = FleetHosts(hosts: hosts, now: Self.now).absence(
            for: try job(step, in: folder, account: account), waitingIn: folders)
        #expect(reason == nil || reason?.code == "host_absent")
        return reason?.message
    }

    @Test("A job that a running process can do has no reason to wait")
    func reached() throws {
        let web = Self.host("web1", folders: ["in@web1"], accounts: ["main"])
        for step in JobStep.allCases { #expect(try absence(step, account: "main", web) == nil) }
        #expect(try absence(.fit, Self.host("web1", .lost, folders: ["in@web1"]), Self.worker()) == nil)
        #expect(try absence(.deliver, Self.host("web1", .draining, folders: ["in@web1"])) == nil)
        // Another host waits for the same result.
        let two = Self.host("web2", folders: ["in@web2"])
        #expect(try absence(.deliver, waitingIn: ["in@web1", "in@web2"], two) == nil)
        #expect(try absence(.deliver, two) != nil)
    }

    @Test("A job of a host that is away says which, since when, and what to do")
    func away() throws {
        let web = Self.host("web1", .lost, folders: ["in@web1"])
        let lost = try absence(.deliver, web, Self.worker())
        #expect(
            lost == "waits for host web1, not seen since \(web.seenAt.timestamp); start it again, or cancel the job",
            "\(lost ?? "")")
        let stopped = try absence(.settle, Self.host("web1", .stopped, folders: ["in@web1"]))
        #expect(stopped?.contains("host web1, stopped since") == true)
        // Without a storage every step needs the files of the host.
        let alone = try absence(.fit, Self.host("web1", .lost, folders: ["in@web1"], hasStorage: false))
        #expect(alone?.contains("waits for host web1") == true)
    }

    @Test("A folder that its host does not have any more, and one of a host that was never seen, are told as that")
    func folders() throws {
        let gone = try absence(.deliver, Self.host("web1", folders: ["other@web1"]))
        #expect(
            gone?.contains("folder in@web1 is on no running host: host web1 runs and does not have it any more") == true
        )
        let unknown = try absence(.deliver, Self.host("web2", folders: ["in@web2"]), Self.worker())
        #expect(unknown?.contains("no host of its name has been seen; start the host 'web1'") == true)
        // A worker's name is no host's.
        var worker = Self.worker()
        worker.name = "web1"
        #expect(try absence(.deliver, worker)?.contains("has been seen") == true)
        let nameless = try absence(.deliver, in: "in", Self.worker())
        #expect(nameless?.contains("start it") == true)
    }

    @Test("An account that no running host has, and a step that none does, are named")
    func others() throws {
        let web = Self.host("web1", folders: ["in@web1"])
        #expect(try absence(.submit, account: "main", web)?.contains("has the account 'main'") == true)
        #expect(try absence(.submit, account: "main", web, Self.worker()) == nil)
        let far = Self.host("web2", folders: ["in@web2"], hasStorage: false)
        let fit = try absence(.fit, in: "in@web1", far, Self.worker(steps: [.upload]))
        #expect(fit?.contains("waits") == true || fit?.contains("on no running host") == true, "\(fit ?? "")")
        let idle = FleetHosts(
            hosts: [Self.worker(steps: [.upload]), Self.host("web1", folders: ["in@web1"])], now: Self.now)
        #expect(idle.absence(for: try job(.fit, in: "in@web1")) == nil)
    }

    @Test("Jobs that do not wait, and those of one machine's ledger, get no such reason")
    func noFleet() throws {
        let job = try job(.deliver, in: "in@web1")
        #expect(FleetHosts(hosts: [], now: Self.now, isFleet: false).explained(job) == job)
        let explained = FleetHosts(hosts: [], now: Self.now).explained(job)
        #expect(explained.reason?.code == "host_absent" && explained.id == job.id && explained.state == .waiting)
        let ledger = InMemoryLedger()
        _ = try ledger.enqueue([NewJob(JobIdentity(contentHash: "h", pipeline: "p"), name: "n", folder: "in@web1")])
        let claimed = try #require(try ledger.claim(ClaimRequest()).first)
        #expect(FleetHosts(hosts: [], now: Self.now).explained(claimed.job).reason == nil)
    }

    @Test(
        "A process that is silent for a minute is lost, one that said that it ends is not, and those that run come first"
    )
    func states() async throws {
        let folder = try TemporaryFolder()
        let ledger = try await SQLiteLedger.open(folder.path.appending("l.sqlite"))
        let nobody = try await FleetHosts(from: ledger)
        #expect(nobody.hosts.isEmpty && !nobody.isFleet)
        func tell(_ name: String, _ state: FleetHost.State, worker: String, secondsAgo: Int) async throws {
            let notice = HostNotice(
                name: name, role: .watch, state: state, worker: worker, work: Self.host(name).work, since: 1)
            try await ledger.save(try notice.text(), as: .hosts, "host:\(name)")
            let updated = LedgerInstant.now.milliseconds - secondsAgo * 1000
            _ = try await ledger.transact { transaction in
                try transaction.execute(
                    "UPDATE hosts SET updated_at = :at WHERE key = :key", ["at": updated, "key": "host:\(name)"])
            }
        }
        try await tell("a", .running, worker: "x", secondsAgo: 120)
        try await tell("b", .stopped, worker: "y", secondsAgo: 120)
        try await tell("c", .running, worker: ledger.workerID, secondsAgo: 10)
        try await tell("d", .draining, worker: "z", secondsAgo: 0)
        try await ledger.save("{}", as: .hosts, "host:of another version")
        _ = try await ledger.enqueue([NewJob(JobIdentity(contentHash: "h", pipeline: "p"), name: "n", folder: "in@c")])
        #expect(try await ledger.claim(ClaimRequest()).count == 1)
        let fleet = try await FleetHosts(from: ledger)
        #expect(fleet.hosts.map(\.name) == ["c", "d", "a", "b"])
        #expect(fleet.hosts.map(\.state) == [.running, .draining, .lost, .stopped])
        #expect(fleet.hosts.map(\.jobs) == [1, 0, 0, 0] && fleet.isFleet)
        let counts = fleet.counts.filter { $0.count > 0 }
        #expect(counts.count == 4 && counts.allSatisfy { $0.role == .watch && $0.count == 1 })
        let json = fleet.hosts[2].json
        #expect(json["state"]?.text == "lost" && json["name"]?.text == "a" && json["jobs"] == .integer(0))
        try await ledger.close()
    }

    @Test("A host and a worker tell that they run and what they can do, and that they ended; each keeps its name")
    func beats() async throws {
        let fleet = try await FleetFixture()
        for run in 1...2 {
            let daemons = [try await fleet.host("web1"), try await fleet.worker("cpu", steps: [.fit])]
            try await fleet.whileRunning(daemons) {
                try await fleet.waitUntil("both, run \(run)") {
                    try await FleetHosts(from: fleet.ledger).hosts.count { $0.isAlive } == 2
                }
                let status = try await daemons[0].status().hosts
                #expect(status?.hosts.count == 2)
            }
            let hosts = try await FleetHosts(from: fleet.ledger).hosts
            #expect(hosts.count == 2 && hosts.allSatisfy { $0.state == .stopped && $0.since <= $0.seenAt })
            let web = try #require(hosts.first { $0.role == .serve })
            #expect(web.name == "web1" && web.work.folders.contains("inbox@web1"))
            let worker = try #require(hosts.first { $0.role == .work })
            #expect(worker.work.steps == ["fit"] && worker.work.folders.isEmpty && worker.id.hasPrefix("work:"))
        }
    }
}
