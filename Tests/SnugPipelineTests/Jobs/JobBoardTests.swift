// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// The state that workers, watchers and the dispatcher share, and what a start removes.
@Suite struct JobBoardTests {
    private final class Events: Sendable {
        private let kinds = Mutex<[String]>([])
        func add(_ event: DaemonEvent) {
            kinds.withLock { $0.append(String("\(event.kind)".prefix { $0 != "(" })) }
        }
        var all: [String] { kinds.withLock { $0 } }
    }

    private let events = Events()
    private let board: JobBoard

    init() {
        let events = events
        board = JobBoard { events.add($0) }
    }

    private func at(_ milliseconds: Int) -> LedgerInstant { LedgerInstant(milliseconds: milliseconds) }

    @Test("Retries are due in their order, and only those that count keep a run from ending")
    func retries() {
        board.retryLater(at(300), consumesAttempt: false)
        board.retryLater(at(100), consumesAttempt: true)
        #expect(board.hasCountedRetries)
        var due = board.dueRetries(at: at(50))
        #expect(!due.isDue && due.next == at(100))
        due = board.dueRetries(at: at(100))
        #expect(due.isDue && due.next == at(300) && !board.hasCountedRetries)
        due = board.dueRetries(at: at(1000))
        #expect(due.isDue && due.next == nil)
        #expect(!board.dueRetries(at: at(2000)).isDue)
    }

    @Test("Retries without end are remembered in bounded memory; the regular look finds the rest")
    func bounded() {
        for number in 0..<12_000 { board.retryLater(at(number + 1), consumesAttempt: true) }
        #expect(board.dueRetries(at: at(10_000)).isDue)
        #expect(board.dueRetries(at: at(20_000)) == (false, nil))
    }

    @Test("Work is asked for once for each notice")
    func notices() {
        for lane in WorkerLane.allCases { #expect(board.takeNotice(of: lane)) }
        #expect(!board.hasNotice)
        board.mayHaveWork([.upload])
        #expect(board.hasNotice && !board.takeNotice(of: .fit) && board.takeNotice(of: .upload))
        #expect(!board.takeNotice(of: .upload))
        board.mayHaveWork()
        for lane in WorkerLane.allCases { #expect(board.takeNotice(of: lane)) }
    }

    @Test("A standstill is told once, and so is its end")
    func standstill() {
        let reason = JobReason(code: "disk_full", message: "")
        for _ in 0..<3 { board.paused(reason) }
        #expect(board.pause == reason && events.all == ["paused"])
        for _ in 0..<3 { board.succeeded(in: "inbox") }
        #expect(board.pause == nil && events.all == ["paused", "resumed"])
    }

    @Test("Faults in a row are counted for each folder, until something succeeds there")
    func faults() {
        #expect((1...3).map { _ in board.failed(in: "a") } == [1, 2, 3])
        #expect(board.failed(in: "b") == 1)
        board.succeeded(in: "a")
        #expect(board.failed(in: "a") == 1 && board.failed(in: "b") == 2)
    }

    @Test("Totals count what happened in this run, and taken files by folder")
    func totals() async throws {
        let ledger: any LedgerStore = InMemoryLedger()
        var subjects: [DaemonEvent.Subject] = []
        for name in ["a", "b"] {
            let new = NewJob(JobIdentity(contentHash: name, pipeline: "fit"), name: name, folder: name)
            subjects.append(DaemonEvent.Subject(try #require(try await ledger.enqueue([new]).first).job))
        }
        let reason = JobReason(code: "x", message: "")
        board.report(.settled(isJoined: false), subjects[0])
        board.report(.settled(isJoined: true), subjects[0])
        board.report(.settled(isJoined: false), subjects[1])
        board.report(.delivered([], bytes: 0), subjects[0])
        board.report(.failed(reason, report: nil), subjects[1])
        board.report(.held(reason), subjects[1])
        #expect(board.totals.takenCount == 3 && board.totals.deliveredCount == 1)
        #expect(board.totals.failedCount == 1 && board.totals.heldCount == 1 && !board.totals.isClean)
        #expect(board.takenCount(in: "a") == 2 && board.takenCount(in: "b") == 1 && board.takenCount(in: "c") == 0)
    }

    @Test("Each step belongs to one lane, and each lane has the limit of its kind")
    func lanes() {
        let steps = WorkerLane.allCases.flatMap(\.steps)
        #expect(steps.count == JobStep.allCases.count && Set(steps) == Set(JobStep.allCases))
        let workers = WatchConfiguration.Workers(fits: 1, uploads: 2, submissions: 3, deliveries: 4)
        #expect(WorkerLane.allCases.map { $0.limit(workers) } == [2, 1, 2, 3, 4])
        #expect(WorkerLane(.collect) == .submission && WorkerLane(.settle) == .intake)
    }

    // MARK: Sweeping

    @Test("A start removes the temporary files of its own killed process, and nobody else's")
    func sweeping() async throws {
        let fixture = try await DaemonFixture()
        let own = Sweeper.prefix(fixture.state) + "1"
        let others = [
            Sweeper.prefix(fixture.folder.path.appending("other")) + "1", ".snug-fit-x", ".hidden", "image.jpg",
        ]
        for name in ["outbox", "outbox/sub/deep", "done", "failed", "state/jobs"] {
            for file in [own] + others { try fixture.folder.write([1], to: "\(name)/\(file)") }
        }
        // A link is no file of ours, whatever its name.
        try fixture.folder.write([1], to: "elsewhere/\(own)")
        try fixture.folder.makeLink("outbox/link", to: "../elsewhere")
        try await fixture.daemon().runOnce()
        let left = fixture.folder.files()
        #expect(left.filter { $0.hasSuffix(own) } == ["elsewhere/\(own)"])
        for name in ["outbox", "outbox/sub/deep", "done", "failed"] {
            for file in others { #expect(left.contains("\(name)/\(file)"), "\(name)/\(file)") }
        }
    }

    @Test("The files of jobs that are forgotten go at the next start, those of others stay")
    func jobFiles() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await fixture.ledger.pause(.step(.fit), until: nil, reason: JobReason(code: "x", message: ""))
        try await fixture.daemon().runOnce()
        let job = try #require(try await fixture.jobs()["a.jpg"])
        #expect(job.state == .waiting)
        try fixture.folder.write([1], to: "state/jobs/\(job.id)/fit/kept.jpg")
        try fixture.folder.write([1], to: "state/jobs/01kfa8xxxxxxxxxxxxxxxxxxxx/fit/a.jpg")
        try await fixture.daemon().runOnce()
        let files = fixture.folder.files().filter { $0.hasPrefix("state/jobs/") }
        #expect(files.contains("state/jobs/\(job.id)/fit/kept.jpg"))
        #expect(!files.contains { $0.contains("01kfa8xxxxxxxxxxxxxxxxxxxx") })
    }

    // MARK: One daemon

    @Test("The right to a state directory is one process's, and free again with it; a damaged note of it hurts nobody")
    func lock() throws {
        let folder = try TemporaryFolder()
        let state = folder.path.appending("deep/state")
        var lock: DaemonLock? = try DaemonLock.acquire(in: state)
        for note in ["\(Machine.processID)\n", "", "garbage", "\u{1B}[31m12"] {
            try folder.write(Array(note.utf8), to: "deep/state/daemon.pid")
            let error = #expect(throws: DaemonError.self) { _ = try DaemonLock.acquire(in: state) }
            #expect(error?.code == .alreadyRunning && error?.message.contains("another state directory") == true)
            #expect(error?.message.contains("\u{1B}") == false)
        }
        #expect(lock != nil)
        lock = nil
        _ = try DaemonLock.acquire(in: state)
    }

    @Test("A state directory that cannot be one says so")
    func noStateDirectory() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "file")
        let error = #expect(throws: DaemonError.self) {
            _ = try DaemonLock.acquire(in: folder.path.appending("file/state"))
        }
        #expect(error?.code == .ioFailed && error?.message.contains("cannot be used") == true)
    }

    // MARK: Known files

    @Test("The place of a folder outlives the process, and a damaged note of it is none")
    func places() throws {
        let folder = try TemporaryFolder()
        let note = folder.path.appending("state/inbox.json")
        func known() -> LedgerKnownFiles {
            LedgerKnownFiles(InMemoryLedger(), folder: "inbox", stays: true, placeFile: note)
        }
        #expect(try known().place(of: "/in") == nil)
        let place = FolderPlace(device: .max, inode: 7, isMountPoint: true)
        try known().remember(place, of: "/in")
        #expect(try known().place(of: "/in") == place)
        for text in ["", "{", "[]", "{\"device\": -1}"] {
            try folder.write(Array(text.utf8), to: "state/inbox.json")
            #expect(try known().place(of: "/in") == nil)
        }
    }

    @Test(
        "Files that are moved are all new; those that stay are known by what the ledger has", arguments: [true, false])
    func knownFiles(stays: Bool) async throws {
        let ledger: any LedgerStore = InMemoryLedger()
        let version = FileVersion(device: 1, inode: 2, byteCount: 3, modified: 4, changed: 5)
        let file = ScannedFile(path: RelativePath("a.jpg"), version: version)
        let other = ScannedFile(
            path: file.path, version: FileVersion(device: 1, inode: 2, byteCount: 9, modified: 4, changed: 5))
        let key = SourceKey.left(file.path, version)
        _ = try await ledger.enqueue([
            NewJob(JobIdentity(contentHash: "h", pipeline: "fit"), name: "a.jpg", folder: "inbox", source: key.text)
        ])
        let known = LedgerKnownFiles(ledger, folder: "inbox", stays: stays, placeFile: "/there/is/no/such")
        let elsewhere = LedgerKnownFiles(ledger, folder: "other", stays: stays, placeFile: "/there/is/no/such")
        let found = try await onThread { try known.areSettled([file, other], in: "/in") }
        #expect(found == [stays, false])
        #expect(try await onThread { try elsewhere.areSettled([file], in: "/in") } == [false])
        known.note(.left(other.path, other.version))
        #expect(try await onThread { try known.areSettled([other], in: "/in") } == [stays])
        // A new permission is no new file.
        let permitted = ScannedFile(
            path: file.path, version: FileVersion(device: 1, inode: 2, byteCount: 3, modified: 4, changed: 99))
        #expect(try await onThread { try known.areSettled([permitted], in: "/in") } == [stays])
    }
}
