// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration
@testable import SnugPipeline
@testable import SnugSystem

/// The parts that hosts of a fleet have and a daemon alone does not need.
@Suite struct FleetPartsTests {
    // MARK: Names

    @Test("A folder's name in the ledger has its host's with it, and comes back without it")
    func names() throws {
        let role = FleetRole.host("web1")
        #expect(role.ledgerName(of: "inbox") == "inbox@web1" && role.localName(of: "inbox@web1") == "inbox")
        #expect(role.localName(of: "inbox@web2") == "inbox@web2")
        for plain in [FleetRole.alone, .host(""), .worker([.fit])] {
            #expect(plain.ledgerName(of: "inbox") == "inbox" && plain.localName(of: "inbox@web1") == "inbox@web1")
        }
    }

    @Test("A host knows its own folders by their names")
    func ownFolders() {
        for (role, own) in [
            (FleetRole.alone, ["in", "in@a", "in@b"]), (.host("a"), ["in@a"]), (.host(""), ["in"]),
            (.worker([.fit]), []),
        ] {
            #expect(["in", "in@a", "in@b"].filter(role.owns) == own)
        }
    }

    @Test("Names that could not tell two hosts apart are refused", arguments: ["a@b", "a/b", "a b", "ä", "a:b"])
    func badNames(host: String) throws {
        #expect(throws: DaemonError.self) { try FleetRole.host(host).check(folders: []) }
        #expect(throws: DaemonError.self) { try FleetRole.host("a").check(folders: ["inbox@b"]) }
        #expect(throws: Never.self) { try FleetRole.alone.check(folders: ["inbox@b"]) }
    }

    @Test("Another name of the host does not move the files that are in work")
    func workFolders() throws {
        let folder = try TemporaryFolder()
        let places = [FleetRole.alone, .host("a"), .host("")].map { role in
            let settings = WatchFolder(
                inbox: folder.path.appending("in"), outbox: folder.path.appending("out"),
                name: role.ledgerName(of: "in"))
            return FolderContext(settings, stateDirectory: folder.path.appending("state"), role: role).workPlaces
        }
        #expect(places[0] == places[1] && places[0] == places[2])
    }

    @Test("A host keeps its first name; a directory from before hosts had names keeps its folders' names")
    func hostNames() throws {
        let folder = try TemporaryFolder()
        let fresh = folder.path.appending("fresh")
        let name = try HostName.of(fresh, given: nil)
        #expect(!name.isEmpty && !name.contains("."))
        #expect(try HostName.of(fresh, given: "chosen") == "chosen")
        #expect(try HostName.of(fresh, given: nil) == "chosen")
        try folder.write(Array("1\n".utf8), to: "old/daemon.pid")
        #expect(try HostName.of(folder.path.appending("old"), given: nil) == "")
        #expect(try HostName.of(folder.path.appending("old"), given: nil) == "")
        #expect(try HostName.of(folder.path.appending("old"), given: "a") == "a")
    }

    @Test("Two daemons of one name do not run on one ledger", .timeLimit(.minutes(2)))
    func reservation() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path.appending("l.sqlite")
        let (one, two) = (try await SQLiteLedger.open(path), try await SQLiteLedger.open(path))
        try await HostName.reserve(.host("a"), in: one)
        try await HostName.reserve(.host("b"), in: two)
        try await HostName.reserve(.worker([.fit]), in: two)
        await #expect {
            try await HostName.reserve(.host("a"), in: two)
        } throws: {
            ($0 as? DaemonError)?.code == .alreadyRunning && "\($0)".contains("--host")
        }
        try await one.close()
        try await HostName.reserve(.host("a"), in: two)
    }

    // MARK: Roles

    private func service(_ ledger: String?, storage: String? = nil, host: String? = nil) throws -> ServiceConfiguration
    {
        let folder = try TemporaryFolder()
        var service = ServiceConfiguration(watch: WatchConfiguration(stateDirectory: folder.path.appending("state")))
        (service.ledger, service.storage, service.host) = (ledger, storage, host)
        return service
    }

    @Test("A ledger of one machine needs no role, and allows no storage and no host's name")
    func alone() throws {
        var plain = try service(nil)
        try plain.takeRole()
        #expect(plain.watch.role == .alone)
        for wrong in [try service(nil, storage: "file:///s"), try service(nil, host: "a")] {
            var wrong = wrong
            #expect(throws: DaemonError.self) { try wrong.takeRole() }
        }
    }

    #if Postgres
        @Test("A shared ledger makes a host of a daemon, and a worker of one with a storage and no folders")
        func shared() throws {
            var host = try service("postgres://h/d", host: "a")
            try host.takeRole()
            #expect(host.watch.role == .host("a"))
            var worker = try service("postgres://h/d", storage: "file:///s")
            worker.watch.folders = [WatchFolder(inbox: "/i", outbox: "/o")]
            try worker.takeRole(workingOn: [.fit])
            #expect(worker.watch.role == .worker([.fit]) && worker.watch.folders == [])
            for wrong in [try service("postgres://h/d"), try service(nil, storage: "file:///s")] {
                var wrong = wrong
                #expect(throws: DaemonError.self) { try wrong.takeRole(workingOn: [.fit]) }
            }
        }
    #endif

    @Test("The address of the ledger and the section of a command of that name go by one key")
    func ledgerKey() throws {
        let document = { (text: String) throws in
            let folder = try TemporaryFolder()
            return try ConfigurationDocument(reading: folder.write(Array(text.utf8), to: "a.yaml"))
        }
        let schema = ConfigurationSchema.root.including([CommandSection("ledger", options: nil)])
        for text in ["ledger: postgres://h/d\n", "ledger: {copy: {json: true}}\n"] {
            #expect(schema.faults(in: try document(text)).isEmpty, "\(text)")
        }
        for text in ["ledger: [a, b]\n", "ledger:\n"] {
            #expect(schema.faults(in: try document(text)).count == 1, "\(text)")
        }
    }

    // MARK: Leases

    private func lease() throws -> JobLease {
        let ledger = InMemoryLedger()
        _ = try ledger.enqueue([NewJob(JobIdentity(contentHash: "h", pipeline: "p"), name: "n")])
        return try #require(try ledger.claim(ClaimRequest()).first).lease
    }

    @Test("A lease lasts until its time is over by a clock that never stands still, or until it is renewed")
    func leases() async throws {
        let (start, lease) = (ContinuousClock.now, try lease())
        let passed = Mutex(Duration.zero)
        let watches = LeaseWatches(now: { start + passed.withLock { $0 } })
        #expect(throws: Never.self) { try watches.check(lease) }
        watches.note(lease, for: .seconds(60), asked: start)
        passed.withLock { $0 = .seconds(59) }
        #expect(throws: Never.self) { try watches.check(lease) }
        passed.withLock { $0 = .seconds(61) }
        #expect(throws: LostLease.self) { try watches.check(lease) }
        #expect(!watches.lasts(lease.jobID))
        watches.note(lease, for: .seconds(60), asked: start + .seconds(30))
        #expect(throws: Never.self) { try watches.check(lease) }
        // A later claim of this process is another lease.
        var later = lease
        later.fence += 1
        watches.note(later, for: .seconds(60), asked: start + .seconds(60))
        #expect(throws: LostLease.self) { try watches.check(lease) }
        watches.forget(lease)
        #expect(throws: Never.self) { try watches.check(later) }
        watches.forget(later)
        #expect(watches.lasts(lease.jobID))
    }

    @Test("A submission whose job's lease ran out is not recorded, and so does not leave; its acceptance is")
    func fencedJournal() async throws {
        let (start, lease) = (ContinuousClock.now, try lease())
        let passed = Mutex(Duration.zero)
        let watches = LeaseWatches(now: { start + passed.withLock { $0 } })
        watches.note(lease, for: .seconds(60), asked: start)
        let holder = HolderName()
        let journal = FencedJournal(journal: InMemoryJournal(), leases: watches, holder: holder)
        func record(_ suffix: String, _ state: GenerationRecord.State) -> GenerationRecord {
            GenerationRecord(
                id: lease.jobID.description + suffix, key: "k", provider: "p", baseURL: "u", account: "a",
                request: GenerationRequest(prompt: "p"), destination: ImageDestination(folder: "f", name: "n"),
                firstNumber: nil, model: nil, seed: nil, bodyDigest: nil, state: state, jobID: nil, resultURLs: [],
                cost: nil, createdAt: 1, submittedAt: nil, balanceBefore: nil, imageURLs: [], note: nil)
        }
        try await journal.save(record("", .sending))
        passed.withLock { $0 = .seconds(61) }
        for suffix in ["", "#1"] {
            for state in [GenerationRecord.State.preparing, .sending] {
                await #expect(throws: GenerationError.self) { try await journal.save(record(suffix, state)) }
            }
        }
        try await journal.save(record("", .accepted))
        #expect(try await journal.record(lease.jobID.description)?.state == .accepted)
        #expect(try await journal.records().count == 1)
        // Who has the files of a result is noted, and stays so while nobody has others.
        holder.set("work:cpu1/1:x")
        var received = record("", .completed)
        received.resultURLs = ["file:/spool/k-0"]
        try await journal.save(received)
        holder.set("host:web1")
        received.state = .held
        try await journal.save(received)
        #expect(try await journal.record(received.id)?.holder == nil)
        received.state = .completed
        try await journal.save(received)
        #expect(try await journal.record(received.id)?.holder == "host:web1")
        received.resultURLs = ["https://images.example/1"]
        received.holder = nil
        try await journal.save(received)
        #expect(try await journal.record(received.id)?.holder == nil)
    }

    // MARK: Files of claims

    @Test("Each claim has files of its own, and removes no others")
    func claims() throws {
        let folder = try TemporaryFolder()
        let files = JobFiles(root: folder.path, publisher: OutputPublisher())
        let job = try #require(JobID("01arz3ndektsv4rrffq69g5fav"))
        let staged = JobPayload.StagedFile(path: "fit/a.jpg", suffix: "jpg", byteCount: 1, digest: "d")
        for fence in [1, 2] {
            let place = files.ofClaim(fence).path(of: staged, in: job)
            try FileSystem.makeFolders(place.removingLastComponent())
            try FilePublisher.replace(place, with: [1])
            #expect(files.ofClaim(fence).isThere(staged, in: job))
        }
        files.ofClaim(1).remove(job)
        #expect(!files.ofClaim(1).isThere(staged, in: job) && files.ofClaim(2).isThere(staged, in: job))
        try folder.write([1], to: "\(job)/results/image.png")
        files.removeClaims()
        #expect(folder.files() == ["\(job)/results/image.png"])
        files.remove(job)
        #expect(files.jobs() == [])
    }

    @Test("A storage's faults cost no attempt, and wait")
    func faults() {
        for code in [StorageError.Code.unavailable, .refused, .damaged, .ioFailed] {
            let fault = StepFault(StorageError(code, "m", retryAfter: .seconds(7)))
            #expect(fault.kind == .environmental && fault.reason.code == code.rawValue && fault.reason.message == "m")
            #expect((fault.delay ?? .zero) >= .seconds(7))
        }
        #expect(StepFault(StorageError(.missing, "m")).kind == .held)
    }

    @Test("A storage that comes back after a while keeps no job waiting for minutes")
    func shortWait() {
        let fault = StepFault(StorageError(.unavailable, "m"))
        for failures in [1, 5, 50] {
            let decision = FaultPolicy(maximumAttempts: 5).decide(
                fault,
                FaultPolicy.Situation(
                    step: .settle, attempt: 1, isPaid: false, faultsInARow: failures,
                    now: LedgerInstant(milliseconds: 0), random: 1))
            #expect((decision.until?.milliseconds ?? 0) <= 15_000 && !decision.consumesAttempt)
        }
    }
}
