// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite("The journal in files")
struct FileJournalTests {
    static func record(_ id: String, createdAt: Int = 1) -> GenerationRecord {
        var request = GenerationRequest(
            prompt: "a \"lighthouse\"\nat dusk 🌅", model: "m", fallbackModels: ["b"],
            size: ImageSize(width: 1024, height: 768), count: 3,
            images: [
                .file("/tmp/a b.png"), .url("https://h/x?y"), .bytes([0, 255, 3], name: "n"),
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

    @Test("A saved record is found by another journal, whatever its name")
    func saved() async throws {
        let directory = try TemporaryFolder()
        let folder = directory.path.appending("deep/journal")
        let names = ["a", "../../escape", "", String(repeating: "long ", count: 200), "ü/🌅\n"]
        let journal = FileJournal(folder)
        #expect(try await journal.records().isEmpty)
        for (index, name) in names.enumerated() { try await journal.save(Self.record(name, createdAt: 10 - index)) }
        let other = FileJournal(folder)
        for (index, name) in names.enumerated() {
            #expect(try await other.record(name) == Self.record(name, createdAt: 10 - index))
        }
        #expect(try await other.records().map(\.id) == names.reversed())
        try await other.remove("a")
        #expect(try await journal.record("a") == nil)
        try await other.remove("never there")
        #expect(try await journal.records().count == names.count - 1)
        #expect(try listing(folder).allSatisfy { $0.hasSuffix(".json") })
    }

    @Test("A later state takes the place of the earlier one")
    func replaced() async throws {
        let directory = try TemporaryFolder()
        let journal = FileJournal(directory.path)
        var record = Self.record("a")
        try await journal.save(record)
        record.state = .held
        try await journal.save(record)
        #expect(try await journal.records() == [record])
    }

    @Test("A name has one owner at a time, and is free when the owner is gone")
    func claims() async throws {
        let directory = try TemporaryFolder()
        let other = FileJournal(directory.path)
        do {
            let journal = FileJournal(directory.path)
            #expect(try await journal.claim("a"))
            #expect(try await !other.claim("a"))
            #expect(try await !journal.claim("a"))
            #expect(try await other.claim("b"))
            await journal.release("a")
            #expect(try await other.claim("a"))
            await other.release("a")
            #expect(try await journal.claim("a"))
        }
        // The journal that had it was dropped without a word, as by a process that dies. Whatever this process starts at that
        // moment holds its locks until it has become another program.
        var isFree = try await other.claim("a")
        for _ in 0..<500 where !isFree {
            try await Task.sleep(for: .milliseconds(10))
            isFree = try await other.claim("a")
        }
        #expect(isFree)
        await other.release("a")
        await other.release("b")
        #expect(try listing(directory.path).isEmpty)
    }

    @Test("Claims by many at once let one in at a time")
    func contention() async throws {
        let directory = try TemporaryFolder()
        let journals = (0..<4).map { _ in FileJournal(directory.path) }
        let inside = Counter()
        await withTaskGroup(of: Void.self) { group in
            for journal in journals {
                group.addTask {
                    for _ in 0..<50 {
                        guard (try? await journal.claim("x")) == true else { continue }
                        #expect(inside.enter() == 1)
                        await Task.yield()
                        inside.leave()
                        await journal.release("x")
                    }
                }
            }
        }
    }

    @Test("A damaged record is an error, not passed over")
    func damaged() async throws {
        let directory = try TemporaryFolder()
        let journal = FileJournal(directory.path)
        try await journal.save(Self.record("a"))
        let name = try #require(try listing(directory.path).first)
        try directory.write(Array("{\"half".utf8), to: name)
        await #expect {
            _ = try await journal.record("a")
        } throws: {
            ($0 as? GenerationError)?.code == .journalFailed && "\($0)".contains(name)
        }
        await #expect(throws: GenerationError.self) { _ = try await journal.records() }
    }

    @Test("A folder that cannot be written says so")
    func unwritable() async throws {
        let directory = try TemporaryFolder()
        try directory.write([1], to: "file")
        let journal = FileJournal(directory.path.appending("file"))
        await #expect {
            try await journal.save(Self.record("a"))
        } throws: {
            ($0 as? GenerationError)?.code == .journalFailed
        }
        await #expect(throws: GenerationError.self) { _ = try await journal.claim("a") }
    }
}

/// How many are inside.
private final class Counter: Sendable {
    private let count = Mutex(0)
    func enter() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
    func leave() { count.withLock { $0 -= 1 } }
}
