// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline

/// The memory of outputs: its stores, the book of a run, and the digest of its options.
@Suite struct OutputMemoryTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func state(_ number: Int) -> FileState {
        FileState(
            inode: UInt64(number), byteCount: number * 10, modified: Int64(number) - 5, changed: .max - Int64(number))
    }

    private static func record(_ name: FilePath, _ number: Int, file: Int? = nil, claimed: Int? = nil)
        -> RememberedOutput
    {
        RememberedOutput(
            name: name, input: FilePath("/in/\(number)"),
            made: file.map { .init(input: state(number), options: "-abc", file: state($0)) },
            claimed: claimed.map { .init(input: state(number), options: "-def", file: $0 > 0 ? state($0) : nil) })
    }

    private static let all = [
        record("a.jpg", 1, file: 2), record("sub/b.jpg", 3, claimed: 0), record("c.png", 4, file: 5, claimed: 6),
        record(FilePath(bytes: [0x64, 0xFF]), 7, file: 8), record("e\n.jpg", 9),
    ]

    private enum Store: String, CaseIterable, Sendable { case memory, ledger }

    private func memory(_ store: Store) -> any OutputMemory {
        store == .memory ? InMemoryOutputs() : LedgerOutputs(folder.path.appending("state").appending("ledger.sqlite"))
    }

    @Test("Records come back as they were kept, by folder", arguments: ["memory", "ledger"])
    func keeps(name: String) async throws {
        let memory = self.memory(try #require(Store(rawValue: name)))
        #expect(try await memory.outputs(in: "/out").isEmpty)
        try await memory.update("/out", keeping: Self.all, forgetting: [])
        try await memory.update("/other", keeping: [Self.record("a.jpg", 50)], forgetting: [])
        #expect(Set(try await memory.outputs(in: "/out")) == Set(Self.all))
        #expect(try await memory.outputs(in: "/other").map(\.input) == ["/in/50"])
        #expect(try await memory.outputs(in: "/ou").isEmpty)
        // A record of the same name takes the place of the one before; others are forgotten, or were never there.
        let newer = Self.record("a.jpg", 60, file: 61)
        try await memory.update("/out", keeping: [newer], forgetting: ["c.png", "nowhere"])
        let left = try await memory.outputs(in: "/out")
        #expect(Set(left) == Set([newer] + Self.all.filter { !["a.jpg", "c.png"].contains($0.name) }))
        #expect(try await memory.outputs(in: "/other").count == 1)
    }

    @Test("Another process finds what a ledger keeps, and asking alone makes no file")
    func otherProcess() async throws {
        let path = folder.path.appending("state").appending("ledger.sqlite")
        #expect(try await LedgerOutputs(path).outputs(in: "/out").isEmpty && folder.files().isEmpty)
        let first = LedgerOutputs(path)
        try await first.update("/out", keeping: Self.all, forgetting: [])
        await first.close()
        await first.close()
        #expect(Set(try await LedgerOutputs(path).outputs(in: "/out")) == Set(Self.all))
    }

    // MARK: The file that has the name

    @Test("A file is the output that was made, the one that a killed run was making, or another's")
    func making() {
        let record = Self.record("a.jpg", 1, file: 2, claimed: 2)
        #expect(record.making(of: Self.state(2))?.options == "-abc")
        // Its permissions were changed since: the content is the same.
        var touched = Self.state(2)
        touched.changed = 77
        #expect(record.making(of: touched)?.options == "-abc")
        // Another file, which was not there when the run began: the killed run had made it.
        #expect(record.making(of: Self.state(9))?.options == "-def")
        #expect(record.making(of: Self.state(9))?.file == Self.state(9))
        // Without a claim it is a stranger's, and a claimed name whose file is still the one before was not made.
        #expect(Self.record("a.jpg", 1, file: 2).making(of: Self.state(9)) == nil)
        #expect(Self.record("a.jpg", 1, claimed: 3).making(of: Self.state(3)) == nil)
        #expect(Self.record("a.jpg", 1, claimed: 0).making(of: Self.state(3))?.options == "-def")
        for change in 0..<3 {
            var other = Self.state(2)
            if change == 0 {
                other.inode += 1
            } else if change == 1 {
                other.byteCount += 1
            } else {
                other.modified += 1
            }
            #expect(Self.record("a.jpg", 1, file: 2).making(of: other) == nil)
        }
    }

    // MARK: The book

    /// Counts updates, and fails from one on.
    private final class CountingMemory: OutputMemory {
        let kept = InMemoryOutputs()
        let updates = Mutex(0)
        let failsFrom: Int

        init(failsFrom: Int = .max) { self.failsFrom = failsFrom }

        func outputs(in folder: FilePath) async throws -> [RememberedOutput] { try await kept.outputs(in: folder) }

        func update(_ folder: FilePath, keeping: [RememberedOutput], forgetting: [FilePath]) async throws {
            let number = updates.withLock { updates in
                updates += 1
                return updates
            }
            if number >= failsFrom { throw Errno.noSpace }
            try await kept.update(folder, keeping: keeping, forgetting: forgetting)
        }
    }

    @Test("A thousand outputs are a few updates, and all of them are kept")
    func batches() async throws {
        let memory = CountingMemory()
        let book = try await OutputBook(memory, folder: "/out", options: "-abc")
        try await book.claim([])
        #expect(memory.updates.withLock { $0 } == 0)
        for number in 0..<1000 {
            await book.made(Self.record(FilePath("\(number)"), number, file: number), inPlaceOf: [])
        }
        #expect(await book.close() == nil)
        #expect(memory.updates.withLock { $0 } <= 4)
        #expect(try await memory.outputs(in: "/out").count == 1000)
    }

    @Test("Names that nothing is made under, and those of what failed, get their old records back")
    func withdraws() async throws {
        let memory = CountingMemory()
        let before = Self.record("b.jpg", 2, file: 20)
        try await memory.update("/out", keeping: [Self.record("a.png", 1, file: 10), before], forgetting: [])
        let book = try await OutputBook(memory, folder: "/out", options: "-abc")
        try await book.claim([Self.record("b.jpg", 2, claimed: 20), Self.record("c.jpg", 3, claimed: 0)])
        await book.made(Self.record("a.jpg", 1, file: 11), inPlaceOf: ["a.png"])
        book.withdraw(["b.jpg", "c.jpg"])
        #expect(await book.close() == nil)
        let left = try await memory.outputs(in: "/out")
        #expect(Set(left) == [Self.record("a.jpg", 1, file: 11), Self.record("a.png", 1, file: 10), before])
        // What the run asks about is the memory as it was when it began.
        #expect(book.record(named: "a.png") != nil && book.record(named: "a.jpg") == nil)
        #expect(book.records(of: "/in/1").map(\.name) == ["a.png"])
        #expect(Set(book.names(besidesThoseOf: ["/in/1"])) == ["b.jpg"])
    }

    @Test("The first failure to keep a record is told at the end, and the run goes through")
    func failure() async throws {
        let book = try await OutputBook(CountingMemory(failsFrom: 1), folder: "/out", options: "-abc")
        for number in 0..<600 {
            await book.made(Self.record(FilePath("\(number)"), number, file: number), inPlaceOf: [])
        }
        #expect(await book.close() as? Errno == .noSpace)
    }

    @Test("A memory that fails is one notice of the run, whose outputs are whole")
    func noticed() async throws {
        let runs = try RunFolder()
        for number in 0..<3 { try runs.folder.write([1], to: "in/\(number).jpg") }
        for (failing, expected) in [
            (1, "outputs cannot be remembered: "), (2, "finished outputs could not be remembered: "),
        ] {
            let outcome = try await runs.run(fit: { _, _, _ in .fake(.bytes([7]), byteCount: 1) }) {
                $0.memory = CountingMemory(failsFrom: failing)
                $0.overwriting = .always
            }
            #expect(outcome.report.count(.fitted) == 3)
            #expect(outcome.notices.count == 1 && outcome.notices[0].hasPrefix(expected), "\(outcome.notices)")
        }
    }

    // MARK: Options

    private func digest(_ change: (inout FitRequest) throws -> Void) rethrows -> String {
        var request = FitRequest(inputs: ["a"], destination: .folder("/out"))
        try change(&request)
        return OptionsDigest.digest(request)
    }

    @Test("Every option that changes an output changes the digest, and no two to the same")
    func digests() throws {
        let changes: [(inout FitRequest) -> Void] = [
            { _ in }, { $0.limits.byteLimit = 1 }, { $0.limits.counting = .base64 }, { $0.limits.maximumSide = 1 },
            { $0.limits.minimumSide = 1 }, { $0.limits.maximumPixelCount = 1 }, { $0.limits.formats = [.jpeg] },
            { $0.limits.maximumWidth = 1 }, { $0.limits.maximumHeight = 1 }, { $0.limits.maximumShortSide = 1 },
            { $0.limits.minimumBytes = 1 }, { $0.limits.inputShare = 0.5 }, { $0.limits.requiresSRGB = true },
            { $0.policy.strategy = .stepped }, { $0.policy.effort = .fast }, { $0.policy.keepsSize = true },
            { $0.policy.qualityFloor = 40 }, { $0.policy.qualityCeiling = 40 }, { $0.policy.format = .png },
            { $0.policy.metadata = .keep }, { $0.policy.metadata = .init(kinds: [.gps]) },
            { $0.policy.copiesCompliant = true }, { $0.policy.maximumScale = 0.5 },
            { $0.policy.isLossless = true }, { $0.policy.minimumSaving = 0.1 }, { $0.policy.isBaseline = true },
            { $0.policy.convertsToSRGB = true }, { $0.policy.chroma = .s444 },
            { $0.policy.background = RGBColour(red: 1, green: 2, blue: 3) },
            { $0.policy.recoversPartialImages = true },
        ]
        let digests = changes.map { digest($0) }
        #expect(Set(digests).count == changes.count)
        #expect(digests == changes.map { digest($0) })
        #expect(digests.allSatisfy { $0.hasPrefix("-") && !$0.contains(" ") })
    }

    @Test("What does not change an output does not change the digest")
    func irrelevant() {
        let plain = digest { _ in }
        #expect(digest { $0.overwriting = .always } == plain && digest { $0.maximumConcurrency = 1 } == plain)
        #expect(digest { $0.inputs = ["b"] } == plain && digest { $0.isDryRun = true } == plain)
        #expect(digest { $0.limits.formats = [.png, .jpeg] } == digest { $0.limits.formats = [.jpeg, .png] })
    }

    @Test("Limits and choices have no sets but those whose order the digest knows")
    func sets() {
        func sets(in value: Any) -> [String] {
            Mirror(reflecting: value).children.filter { Mirror(reflecting: $0.value).displayStyle == .set }
                .compactMap(\.label)
        }
        #expect(sets(in: Limits()) == ["formats"])
        // Kinds of metadata are written as text, in order.
        #expect(sets(in: FitPolicy()).isEmpty && sets(in: DecodingLimits()).isEmpty)
        let few = Limits(formats: [.jpeg, .png, .webp, .gif])
        var many = Limits(formats: Set(ImageFormat.allCases))
        many.formats.formIntersection(few.formats)
        #expect(OptionsDigest.canonical(few, FitPolicy()) == OptionsDigest.canonical(many, FitPolicy()))
    }

    @Test("Options of another way of naming begin otherwise, so that its outputs are others")
    func naming() throws {
        let small = try digest { $0.nameTemplate = try OutputNameTemplate(suffix: Array("-small".utf8)) }
        let large = try digest { $0.nameTemplate = try OutputNameTemplate(suffix: Array("-large".utf8)) }
        #expect(Set([small, large, digest { _ in }].map { $0.prefix(9) }).count == 3)
    }
}
