// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration

/// The promises of every journal of generations.
@Suite struct JournalConformanceTests {
    static func record(_ id: String, createdAt: Int = 1) -> GenerationRecord {
        var request = GenerationRequest(
            prompt: "a \"lighthouse\"\nat dusk 🌅", model: "m", fallbackModels: ["b"],
            size: ImageSize(width: 1024, height: 768), count: 3,
            images: [
                .file("/tmp/a b.png"), .url("https://h/x?y"), .bytes([0, 255, 3], name: "n"),
                // A name that is no UTF-8.
                .file(
                    unsafe [CChar](arrayLiteral: 47, -1, 46, 106, 0).withUnsafeBufferPointer { buffer in
                        unsafe buffer.baseAddress.map { unsafe FilePath(platformString: $0) } ?? ""
                    }),
            ], mask: .file("m.png"), seed: -5, format: "png", partialImages: 2)
        request.parameters = ["a": .text("x"), "b": .integer(1), "c": .number(1.5), "d": .flag(true)]
        return GenerationRecord(
            id: id, key: "k-\(id)", provider: "p", baseURL: "http://h", account: "acc", request: request,
            destination: ImageDestination(folder: "/out/ä", name: "n", replaces: true), firstNumber: 4, model: "b",
            seed: 7, bodyDigest: "d", state: .accepted, jobID: "j", resultURLs: ["http://r"], cost: 2.5,
            createdAt: createdAt, submittedAt: 5, balanceBefore: 9, imageURLs: ["http://p"], note: "note")
    }

    @Test("A saved record is found by another process, whatever its name", arguments: StoreKind.allCases)
    func saved(kind: StoreKind) async throws {
        let journals = try await StorePair.journals(kind)
        let names = ["a", "../../escape", "", String(repeating: "long ", count: 200), "ü/🌅\n"]
        #expect(try await journals.one.records().isEmpty)
        for (index, name) in names.enumerated() {
            try await journals.one.save(Self.record(name, createdAt: 10 - index))
        }
        for (index, name) in names.enumerated() {
            #expect(try await journals.two.record(name) == Self.record(name, createdAt: 10 - index))
        }
        #expect(try await journals.two.records().map(\.id) == names.reversed())
        try await journals.two.remove("a")
        #expect(try await journals.one.record("a") == nil)
        try await journals.two.remove("never there")
        #expect(try await journals.one.records().count == names.count - 1)
        #expect(journals.one.isDurable == (kind != .memory))
    }

    @Test("A later state takes the place of the earlier one", arguments: StoreKind.allCases)
    func replaced(kind: StoreKind) async throws {
        let journals = try await StorePair.journals(kind)
        var record = Self.record("a")
        try await journals.one.save(record)
        record.state = .held
        record.images = []
        try await journals.two.save(record)
        #expect(try await journals.one.records() == [record])
    }

    @Test("A name has one owner at a time", arguments: StoreKind.allCases)
    func claims(kind: StoreKind) async throws {
        let journals = try await StorePair.journals(kind)
        #expect(try await journals.one.claim("a"))
        #expect(try await !journals.two.claim("a"))
        #expect(try await !journals.one.claim("a"))
        #expect(try await journals.two.claim("b"))
        await journals.one.release("a")
        #expect(try await journals.two.claim("a"))
        await journals.two.release("a")
        await journals.two.release("a")
        #expect(try await journals.one.claim("a"))
    }

    @Test("Claims by many at once let one in at a time", arguments: StoreKind.allCases)
    func contention(kind: StoreKind) async throws {
        let journals = try await StorePair.journals(kind)
        let inside = Inside()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    let journal = number % 2 == 0 ? journals.one : journals.two
                    for _ in 0..<15 {
                        guard (try? await journal.claim("x")) == true else { continue }
                        #expect(inside.enter() == 1)
                        await Task.yield()
                        inside.leave()
                        await journal.release("x")
                    }
                }
            }
        }
        #expect(inside.entries > 0)
    }

    @Test("A task that was cancelled still records what was paid for", arguments: StoreKind.allCases)
    func cancelled(kind: StoreKind) async throws {
        let journals = try await StorePair.journals(kind)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await journals.one.save(Self.record("paid"))
            return try await journals.one.record("paid")
        }
        task.cancel()
        #expect(try await task.value?.id == "paid")
        #expect(try await journals.two.records().map(\.id) == ["paid"])
    }
}

@Suite("The journal of generations in a ledger") struct LedgerJournalTests {
    let folder: TemporaryFolder
    let path: FilePath

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path.appending("ledger.sqlite")
    }

    @Test("A name is free when its owner is gone")
    func gone() async throws {
        let other = LedgerJournal(try await SQLiteLedger.open(path))
        do {
            let journal = LedgerJournal(try await SQLiteLedger.open(path))
            #expect(try await journal.claim("a"))
            #expect(try await !other.claim("a"))
        }
        #expect(try await eventually { try await other.claim("a") })
    }

    @Test("A damaged record and a ledger that cannot be written are reported, not passed over")
    func damaged() async throws {
        let ledger = try await SQLiteLedger.open(path)
        let journal = LedgerJournal(ledger)
        try await ledger.save("{\"half", as: .generations, "a")
        await expectJournalFailure { _ = try await journal.record("a") }
        await expectJournalFailure { _ = try await journal.records() }
        try await ledger.close()
        await expectJournalFailure { try await journal.save(JournalConformanceTests.record("b")) }
        await expectJournalFailure { _ = try await journal.claim("b") }
    }

    private func expectJournalFailure(_ body: () async throws -> Void) async {
        await #expect {
            try await body()
        } throws: {
            ($0 as? GenerationError)?.code == .journalFailed
        }
    }
}

/// Counts who is inside.
private final class Inside: Sendable {
    private let counts = Mutex((now: 0, ever: 0))
    var entries: Int { counts.withLock { $0.ever } }
    func enter() -> Int {
        counts.withLock {
            $0.now += 1
            $0.ever += 1
            return $0.now
        }
    }
    func leave() { counts.withLock { $0.now -= 1 } }
}
