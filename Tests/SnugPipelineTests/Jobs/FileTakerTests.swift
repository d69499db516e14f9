// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// From a settled file to a job in the ledger.
@Suite struct FileTakerTests {
    private final class Notes: Sendable {
        let jobs = Mutex<[(name: String, isJoined: Bool)]>([])
        let troubles = Mutex<[JobReason]>([])
        let points = Mutex<[DaemonPoint]>([])
    }

    private let folder: TemporaryFolder
    private let ledger: SQLiteLedger
    private let notes = Notes()

    init() async throws {
        folder = try TemporaryFolder()
        for name in ["inbox", "outbox"] { try FileSystem.makeFolders(folder.path.appending(name)) }
        ledger = try await SQLiteLedger.open(folder.path.appending("state/ledger.sqlite"))
    }

    private func taker(
        _ pipeline: Pipeline = .fit, ledger: (any LedgerStore)? = nil,
        _ change: (inout WatchFolder) -> Void = { _ in }
    ) -> FileTaker {
        var settings = WatchFolder(
            inbox: folder.path.appending("inbox"), outbox: folder.path.appending("outbox"),
            pipeline: pipeline)
        change(&settings)
        let context = FolderContext(settings, stateDirectory: folder.path.appending("state"))
        let store: any LedgerStore = ledger ?? self.ledger
        let notes = notes
        let known = LedgerKnownFiles(
            store, folder: "inbox", stays: !context.movesSources,
            placeFile: folder.path.appending("state/place"))
        return FileTaker(
            context: context, accounts: [Account(name: "main", provider: .openai)], ledger: store,
            known: known,
            threads: BlockingThreads(count: 2), failures: FailedNames(), shortage: { nil },
            onEnqueued: { _, file, isJoined in
                notes.jobs.withLock { $0.append((file.original.description, isJoined)) }
            },
            onTrouble: { reason in notes.troubles.withLock { $0.append(reason) } },
            passed: { point in notes.points.withLock { $0.append(point) } })
    }

    private func settled(_ name: String, fault: WatchError? = nil) throws -> SettledFile {
        let identity = try FileIdentity(of: folder.path.appending("inbox/\(name)"), followsLinks: false)
        return SettledFile(
            file: ScannedFile(path: RelativePath(name), version: FileVersion(identity)), fault: fault)
    }

    private func jobs() async throws -> [Job] { try await ledger.list(JobFilter()) }

    @Test(
        "A file is moved, hashed and put in, in this order, with the content's digest and the folder's options"
    )
    func taken() async throws {
        try folder.write(Array("abc".utf8), to: "inbox/sub/a.jpg")
        let taker = taker()
        #expect(try await taker.take([settled("sub/a.jpg")]) == [.handled])
        let job = try #require(try await jobs().first)
        // FIPS 180-4, the example of one block.
        #expect(
            job.identity.contentHash == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(
            job.name == "sub/a.jpg" && job.folder == "inbox" && job.step == .fit
                && job.identity.pipeline == "fit")
        #expect(JobOptions(text: job.identity.options) == taker.context.options)
        #expect(notes.points.withLock { $0 } == [.taken, .hashed, .enqueued])
        #expect(notes.jobs.withLock { $0.map(\.name) } == ["sub/a.jpg"])
        let source = try #require(try await ledger.deliveries(of: job.id).first?.source)
        guard case .moved(let id, let original)? = SourceKey(source) else {
            Issue.record("\(source)")
            return
        }
        #expect(original == RelativePath("sub/a.jpg"))
        #expect(folder.files().contains("state/work/inbox/\(id)/sub/a.jpg"))
    }

    @Test("Each file of a batch has its own fate, in the order of the batch")
    func batch() async throws {
        for name in ["a", "b", "c"] { try folder.write(Array(name.utf8), to: "inbox/\(name)") }
        let files = try ["a", "b", "c"].map { try settled($0) }
        try FileSystem.remove(folder.path.appending("inbox/a"))
        try folder.write(Array("longer".utf8), to: "inbox/b")
        #expect(await taker().take(files) == [.handled, .changed, .handled])
        #expect(try await jobs().map(\.name) == ["c"])
        #expect(folder.files().filter { $0.hasPrefix("inbox/") } == ["inbox/b"])
        #expect(await taker().take([]) == [])
    }

    @Test("One content under two names is one job with two names, and under one name twice as well")
    func joined() async throws {
        let taker = taker()
        for name in ["a.jpg", "b.jpg", "a.jpg"] {
            try folder.write([1, 2, 3], to: "inbox/\(name)")
            #expect(try await taker.take([settled(name)]) == [.handled])
        }
        let job = try #require(try await jobs().first)
        #expect(try await jobs().count == 1)
        #expect(notes.jobs.withLock { $0.map(\.isJoined) } == [false, true, true])
        let names = try await ledger.deliveries(of: job.id).map(\.name)
        #expect(
            names.count == 3 && Set(names).count == 3
                && names.allSatisfy { $0.hasPrefix("a.jpg") || $0 == "b.jpg" })
        #expect(try await ledger.books()["inbox"]?.areBalanced == true)
    }

    @Test("A file that stays is known by its version from then on, and by no other")
    func stays() async throws {
        let taker = taker { $0.source = .leave }
        try folder.write([1], to: "inbox/a.jpg")
        let first = try settled("a.jpg")
        #expect(await taker.take([first]) == [.handled])
        #expect(folder.files().contains("inbox/a.jpg"))
        try folder.write([1, 2], to: "inbox/a.jpg")
        let files = [first.file, try settled("a.jpg").file]
        #expect(try await onThread { try taker.known.areSettled(files, in: "/in") } == [true, false])
    }

    @Test(
        "What cannot be processed is a job all the same, which fails with its reason",
        arguments: [
            (#"{"promt": "x"}"#, "prompt"), (#"{"limit": "ten"}"#, "size"), ("{", "ends inside its JSON"),
            (#"{"prompt": "x"}"#, "does not generate"),
        ])
    func wrongSidecar(text: String, hint: String) async throws {
        try folder.write([1], to: "inbox/a.jpg")
        try folder.write(Array(text.utf8), to: "inbox/a.jpg.json")
        #expect(try await taker().take([settled("a.jpg")]) == [.handled])
        let job = try #require(try await jobs().first)
        let fault = try #require(JobPayload(text: job.payload).fault)
        #expect(fault.code == "invalid_sidecar" && fault.message.contains(hint), "\(fault.message)")
        #expect(job.step == .settle)
        // With another sidecar it is other work, and with another wrong one another fault.
        try folder.write([1], to: "inbox/a.jpg")
        #expect(try await taker().take([settled("a.jpg")]) == [.handled])
        try folder.write([1], to: "inbox/b.jpg")
        try folder.write(Array(#"{"xyz": 1}"#.utf8), to: "inbox/b.jpg.json")
        #expect(try await taker().take([settled("b.jpg")]) == [.handled])
        let faults = try await jobs().compactMap { JobPayload(text: $0.payload).fault }
        #expect(try await jobs().count == 3)
        #expect(faults.count == 2 && faults[0].message.contains("xyz") && !faults[1].message.contains("xyz"))
    }

    @Test(
        "A file that was given up is a job that fails with that; one that needs a prompt and has none, likewise"
    )
    func faults() async throws {
        try folder.write([1], to: "inbox/a.jpg")
        let fault = WatchError(.incomplete, "The file is cut.")
        #expect(try await taker().take([settled("a.jpg", fault: fault)]) == [.handled])
        try folder.write([2], to: "inbox/b.jpg")
        let generating = taker(try #require(Pipeline("fit,generate"))) {
            $0.generation = GenerationSettings(account: "main")
        }
        #expect(try await generating.take([settled("b.jpg")]) == [.handled])
        let reasons = try await jobs().map { JobPayload(text: $0.payload).fault }
        #expect(reasons.map { $0?.code } == ["invalid_sidecar", "incomplete"])
        #expect(
            reasons[1]?.message == "The file is cut." && reasons[0]?.message.contains("no prompt") == true
        )
        #expect(try await jobs().map(\.account) == ["main", ""])
    }

    @Test(
        "A ledger that takes nothing: what is moved is kept, the reason is told, and nothing is lost when it ends"
    )
    func ledgerTrouble() async throws {
        let closed = try await SQLiteLedger.open(folder.path.appending("other/ledger.sqlite"))
        try await closed.close()
        try folder.write([1], to: "inbox/a.jpg")
        let (taker, file) = (taker(ledger: closed), try settled("a.jpg"))
        let notes = notes
        let task = Task { await taker.take([file]) }
        while notes.troubles.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        // Moved already: the next start puts it in.
        #expect(await task.value == [.handled])
        let taken = try WorkFolder(path: folder.path.appending("state/work/inbox")).contents()
        #expect(taken.map(\.original) == [RelativePath("a.jpg")])
        #expect(notes.jobs.withLock { $0.isEmpty })
    }
}
