// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration
@testable import SnugLedger

@Suite("The journal of generations in a ledger") struct LedgerJournalTests {
    let folder: TemporaryFolder
    let path: FilePath

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path.appending("ledger.sqlite")
    }

    private func record(_ id: String, createdAt: Int = 1) -> GenerationRecord {
        var request = GenerationRequest(
            prompt: "a \"lighthouse\"\nat dusk 🌅", model: "m", fallbackModels: ["b"],
            size: ImageSize(width: 1024, height: 768), count: 3,
            images: [.file("/tmp/a b.png"), .url("https://h/x?y"), .bytes([0, 255, 3], name: "n")], seed: -5)
        request.parameters = ["a": .text("x"), "b": .integer(1), "c": .number(1.5), "d": .flag(true)]
        return GenerationRecord(
            id: id, key: "k-\(id)", provider: "p", baseURL: "http://h", account: "acc", request: request,
            destination: ImageDestination(folder: "/out/ä", name: "n", replaces: true), firstNumber: 4, model: "b",
            seed: 7, bodyDigest: "d", state: .accepted, jobID: "j", resultURLs: ["http://r"], cost: 2.5,
            createdAt: createdAt, submittedAt: 5, balanceBefore: 9, imageURLs: ["http://p"], note: "note")
    }

    @Test("What is saved is found again by another process, whatever its name")
    func saved() async throws {
        let names = ["a", "../../escape", "", String(repeating: "long ", count: 200), "ü/🌅\n"]
        let ledger = try await SQLiteLedger.open(path)
        let journal = LedgerJournal(ledger)
        #expect(try await journal.records().isEmpty && journal.isDurable)
        for (index, name) in names.enumerated() { try await journal.save(record(name, createdAt: 10 - index)) }
        let other = LedgerJournal(try await SQLiteLedger.open(path))
        for (index, name) in names.enumerated() {
            #expect(try await other.record(name) == record(name, createdAt: 10 - index))
        }
        #expect(try await other.records().map(\.id) == names.reversed())
        try await other.remove("a")
        #expect(try await journal.record("a") == nil)
        try await other.remove("never there")
        var later = record("../../escape")
        later.state = .held
        try await journal.save(later)
        #expect(try await other.record("../../escape") == later)
        #expect(try await other.records().count == names.count - 1)
    }

    @Test("A name has one owner at a time, and is free when the owner is gone")
    func claims() async throws {
        let other = LedgerJournal(try await SQLiteLedger.open(path))
        do {
            let journal = LedgerJournal(try await SQLiteLedger.open(path))
            #expect(try await journal.claim("a"))
            #expect(try await !other.claim("a"))
            #expect(try await !journal.claim("a"))
            #expect(try await other.claim("b"))
            await journal.release("a")
            #expect(try await other.claim("a"))
            await other.release("a")
            #expect(try await journal.claim("a"))
        }
        // Whatever this process starts at that moment holds its locks until it has become another program.
        var isFree = try await other.claim("a")
        for _ in 0..<500 where !isFree {
            try await Task.sleep(for: .milliseconds(10))
            isFree = try await other.claim("a")
        }
        #expect(isFree)
    }

    @Test("Claims by many at once let one in at a time")
    func contention() async throws {
        let journals = [
            LedgerJournal(try await SQLiteLedger.open(path)), LedgerJournal(try await SQLiteLedger.open(path)),
        ]
        let inside = Inside()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    let journal = journals[number % 2]
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

    @Test("A damaged record and a ledger that cannot be written are reported, not passed over")
    func damaged() async throws {
        let ledger = try await SQLiteLedger.open(path)
        let journal = LedgerJournal(ledger)
        try await ledger.save("{\"half", as: .generations, "a")
        await expectJournalFailure { _ = try await journal.record("a") }
        await expectJournalFailure { _ = try await journal.records() }
        try await ledger.close()
        let other = record("b")
        await expectJournalFailure { try await journal.save(other) }
    }

    private func expectJournalFailure(_ body: () async throws -> Void) async {
        await #expect {
            try await body()
        } throws: {
            ($0 as? GenerationError)?.code == .journalFailed
        }
    }
}

/// How many are inside.
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
