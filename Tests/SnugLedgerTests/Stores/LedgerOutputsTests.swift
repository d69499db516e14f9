// SPDX-License-Identifier: Apache-2.0
import GRDB
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger

@Suite("Outputs of fitted folders") struct LedgerOutputsTests {
    let folder: TemporaryFolder
    let path: FilePath
    private let root = Array("/out".utf8)

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path.appending("ledger.sqlite")
    }

    private func output(_ name: [UInt8], from input: String = "/in/a.png", payload: String = "{}") -> LedgerOutput {
        LedgerOutput(name: name, input: Array(input.utf8), payload: payload)
    }

    private func output(_ name: String, payload: String = "{}") -> LedgerOutput {
        output(Array(name.utf8), payload: payload)
    }

    private func outputs(in root: [UInt8]? = nil) async throws -> [LedgerOutput] {
        try await SQLiteLedger.outputs(in: root ?? self.root, at: path).sorted {
            $0.name.lexicographicallyPrecedes($1.name)
        }
    }

    @Test("What is kept is found, by folder and name, while the ledger is open and after it")
    func kept() async throws {
        let ledger = try await SQLiteLedger.open(path)
        let first = [output("a.jpg", payload: "[1]"), output("b/c.jpg", payload: "[2]")]
        try await ledger.updateOutputs(in: root, keeping: first, forgetting: [])
        try await ledger.updateOutputs(in: Array("/other".utf8), keeping: [output("a.jpg")], forgetting: [])
        #expect(try await outputs() == first)
        try await ledger.close()
        #expect(try await outputs() == first)
        #expect(try await outputs(in: Array("/other".utf8)) == [output("a.jpg")])
        // A folder is its whole path, never the beginning of one.
        #expect(try await outputs(in: Array("/ou".utf8)).isEmpty)
    }

    @Test("A later record takes the place of the one of its name; others are forgotten by name")
    func changed() async throws {
        let ledger = try await SQLiteLedger.open(path)
        try await ledger.updateOutputs(
            in: root, keeping: [output("a"), output("b"), output("c")], forgetting: [])
        let new = output(Array("b".utf8), from: "/in/other.png", payload: "[7]")
        try await ledger.updateOutputs(in: root, keeping: [new], forgetting: [Array("c".utf8), Array("never".utf8)])
        #expect(try await outputs() == [output("a"), new])
        // One that is forgotten and kept in the same step is kept.
        try await ledger.updateOutputs(in: root, keeping: [output("a", payload: "[8]")], forgetting: [Array("a".utf8)])
        #expect(try await outputs().map(\.payload) == ["[8]", "[7]"])
        try await ledger.updateOutputs(in: root, keeping: [], forgetting: [Array("a".utf8), Array("b".utf8)])
        #expect(try await outputs().isEmpty)
    }

    @Test(
        "Names are bytes: no UTF-8, letters that look alike, quotes, wildcards and nothing at all are names of their own"
    )
    func names() async throws {
        let names: [[UInt8]] = [
            [], [0], [0, 1], [0xFF, 0xFE], Array("caf\u{E9}".utf8), Array("cafe\u{301}".utf8), Array("a'b\"c".utf8),
            Array("%".utf8), Array("_".utf8), Array("A".utf8), Array("a".utf8), Array("line\nend".utf8),
            [UInt8](repeating: 0x61, count: 4096),
        ]
        let ledger = try await SQLiteLedger.open(path)
        for (number, name) in names.enumerated() {
            try await ledger.updateOutputs(
                in: name, keeping: names.map { output($0, payload: "[\(number)]") }, forgetting: [])
        }
        for (number, name) in names.enumerated() {
            let found = try await outputs(in: name)
            #expect(Set(found.map(\.name)) == Set(names) && found.count == names.count)
            #expect(found.allSatisfy { $0.payload == "[\(number)]" })
        }
    }

    @Test("A look makes no file, and finds nothing in a ledger of the version before outputs")
    func looking() async throws {
        #expect(try await outputs().isEmpty)
        #expect(folder.files().isEmpty)
        let queue = try DatabaseQueue(path: path.string)
        try await queue.write { database in
            for statement in Migration1.statements { try database.execute(sql: statement) }
        }
        try queue.close()
        #expect(try await outputs().isEmpty)
        #expect(folder.files() == ["ledger.sqlite"])
    }

    @Test("A file that is no ledger is named, and a folder in its place has no outputs")
    func foreign() async throws {
        try folder.write(Array(String(repeating: "no database at all\n", count: 100).utf8), to: "ledger.sqlite")
        await expectFailure(.notALedger) { _ = try await outputs() }
        #expect(try await SQLiteLedger.outputs(in: root, at: folder.path).isEmpty)
    }

    @Test("A change is all or nothing: where a record cannot be kept, none is kept and none forgotten")
    func atomic() async throws {
        let ledger = try await SQLiteLedger.open(path)
        try await ledger.updateOutputs(in: root, keeping: [output("a")], forgetting: [])
        try await ledger.pool.write { database in
            try database.execute(
                sql: """
                    CREATE TRIGGER refuse BEFORE INSERT ON outputs WHEN NEW.payload = 'bad'
                    BEGIN SELECT RAISE(ABORT, 'refused'); END
                    """)
        }
        await expectFailure(.notAllowed) {
            try await ledger.updateOutputs(
                in: root, keeping: [output("b"), output("c", payload: "bad")], forgetting: [Array("a".utf8)])
        }
        #expect(try await outputs() == [output("a")])
    }

    @Test("A record of a cancelled command is kept: the file that it tells of is there")
    func cancelled() async throws {
        let ledger = try await SQLiteLedger.open(path)
        let (root, kept) = (root, output("a"))
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await ledger.updateOutputs(in: root, keeping: [kept], forgetting: [])
        }
        task.cancel()
        try await task.value
        #expect(try await outputs() == [kept])
    }
}
