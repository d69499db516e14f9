// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration
@testable import SnugLedger
@testable import SnugUpload

@Suite("Taking over the state files of earlier versions") struct TakeOverTests {
    let folder: TemporaryFolder
    /// A name as version 0.1 gave uploads.
    private let key = String(repeating: "0123abcd", count: 4)

    init() throws { folder = try TemporaryFolder() }

    private func open() async throws -> SQLiteLedger {
        try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
    }

    @discardableResult
    private func write(_ text: String, _ name: String) throws -> FilePath {
        let path = folder.path.appending(name)
        try FileSystem.makeFolders(path.removingLastComponent())
        return try folder.write(Array(text.utf8), to: name)
    }

    private func upload(_ key: String) -> String {
        #"{"key":"\#(key)","path":"/x","fingerprint":"f","bytes":3,"target":"http://h/","wire":"tus","#
            + #""uploadURL":"http://h/1","sentEverything":false,"isDiscarded":false,"created":5}"#
    }

    private func generation(_ id: String) throws -> String {
        String(decoding: try JSONEncoder().encode(JournalConformanceTests.record(id)), as: UTF8.self)
    }

    /// Files but for the ledger's and for locks, which their holder removes in its own time.
    private var names: [String] {
        folder.files().filter { !$0.contains("ledger.sqlite") && !$0.hasSuffix(".lock") }.sorted()
    }

    @Test("Everything that version 0.1 kept is in the ledger, and its files have new names")
    func everything() async throws {
        try write(upload(key), "uploads/\(key).json")
        try write(upload("\(key)-1f"), "uploads/\(key)-1f.json")
        try write(#"{"http://h:80":{"ceiling":7,"until":9}}"#, "uploads/hosts.json")
        try write("kept as it is", "uploads/receipts/a.json")
        try write(try generation("a name"), "generations/journal/00ff.json")
        try write("100 k1 job 7\n200 k2 job8\nhalf a li", "generations/jobs-acc")
        try write(#"{"https://api m":{"byteLimit":5,"learntAt":3}}"#, "generations/generation-limits.json")
        let ledger = try await open()
        let taken = try await ledger.takeOver(from: folder.path)
        #expect(taken.problems == [] && taken.records == 7)

        let uploads = LedgerUploadStore(ledger)
        #expect(try await uploads.records().map(\.key).sorted() == [key, "\(key)-1f"])
        #expect(try await uploads.record(key)?.uploadProtocol == .tus)
        #expect(try await uploads.hostLimit(of: "http://h:80") == HostLimit(ceiling: 7, until: 9))
        let stores = GenerationStores.ledger(ledger)
        #expect(try await stores.journal.record("a name") == JournalConformanceTests.record("a name"))
        #expect(try await stores.jobClaims.jobs(of: "acc", exceptFor: "") == ["job 7", "job8"])
        #expect(try await stores.jobClaims.jobs(of: "acc", exceptFor: "k1") == ["job8"])
        let model = ModelLocation(origin: "https://api", model: "m")
        #expect(try await stores.inputLimits.limits(of: model)?.byteLimit == 5)

        #expect(names.filter { !$0.hasSuffix(".migrated") } == ["uploads/receipts/a.json"])
        #expect(try await ledger.takeOver(from: folder.path) == TakeOver())
    }

    @Test("A folder that an earlier version was told to use is taken over too")
    func named() async throws {
        try write(upload(key), "\(key).json")
        try write(try generation("b"), "journal/00ff.json")
        try write("{}", "somebody-elses.json")
        let ledger = try await open()
        #expect(try await ledger.takeOver(from: folder.path).records == 2)
        #expect(names == ["\(key).json.migrated", "journal/00ff.json.migrated", "somebody-elses.json"])
    }

    @Test("What the ledger has by now is later than the file")
    func later() async throws {
        let ledger = try await open()
        var record = JournalConformanceTests.record("a")
        record.state = .delivered
        try await LedgerJournal(ledger).save(record)
        try write(try generation("a"), "generations/journal/00ff.json")
        #expect(try await ledger.takeOver(from: folder.path).problems == [])
        #expect(try await LedgerJournal(ledger).record("a")?.state == .delivered)
    }

    @Test("A file that cannot be read stays, is named with what to do, and keeps nothing else back")
    func damaged() async throws {
        let bad = try write("{\"half", "generations/journal/0bad.json")
        try write(try generation("good"), "generations/journal/00ff.json")
        let ledger = try await open()
        for round in 0..<2 {
            let taken = try await ledger.takeOver(from: folder.path)
            #expect(taken.problems.map(\.path) == [bad])
            #expect(taken.problems.first?.message.contains("paid for") == true)
            #expect(taken.records == (round == 0 ? 1 : 0))
        }
        #expect(try await LedgerJournal(ledger).records().map(\.id) == ["good"])
        #expect(try folder.bytes(of: "generations/journal/0bad.json") == Array("{\"half".utf8))
    }

    @Test("What a process of the earlier version works on stays until that has ended")
    func locked() async throws {
        try write(upload(key), "uploads/\(key).json")
        let ledger = try await open()
        let lock = try FileLock.acquire(folder.path.appending("uploads/\(key).lock"))
        #expect(lock != nil)
        let first = try await ledger.takeOver(from: folder.path)
        #expect(first.records == 0 && first.problems.first?.message.contains("works on it") == true)
        withExtendedLifetime(lock) {}
        #expect(try await LedgerUploadStore(ledger).records().isEmpty)
    }

    @Test("A ledger that is closed takes nothing over and leaves the files alone")
    func closed() async throws {
        try write(upload(key), "uploads/\(key).json")
        let ledger = try await open()
        try await ledger.close()
        await expectFailure(.closed) { _ = try await ledger.takeOver(from: folder.path) }
        #expect(names == ["uploads/\(key).json"])
    }

    @Test("Two processes that open the ledger at once take each record over once")
    func twoAtOnce() async throws {
        for number in 0..<20 { try write(try generation("g\(number)"), "generations/journal/\(number).json") }
        let (one, two) = (try await open(), try await open())
        let path = folder.path
        async let first = one.takeOver(from: path)
        async let second = two.takeOver(from: path)
        _ = try await (first, second)
        #expect(try await LedgerJournal(one).records().count == 20)
        #expect(names.allSatisfy { $0.hasSuffix(".migrated") })
    }
}
