// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration
@testable import SnugLedger
@testable import SnugUpload

@Suite("State files of earlier versions, torn and hostile") struct EarlierFileTests {
    let folder: TemporaryFolder
    private static let key = String(repeating: "0123abcd", count: 4)

    init() throws { folder = try TemporaryFolder() }

    private func open() async throws -> SQLiteLedger {
        try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        try FileSystem.makeFolders(folder.path.appending(name).removingLastComponent())
        try folder.write(bytes, to: name)
    }

    /// Names in a folder of uploads, and whether version 0.1 wrote state under them.
    static let names: [(name: String, isState: Bool)] = [
        ("\(key).json", true), ("\(key)-1f.json", true), ("\(key)-.json", true),
        ("\(key.uppercased()).json", false), ("\(key.dropLast()).json", false), ("\(key)0.json", false),
        ("\(key)x.json", false), ("\(key).txt", false), ("\(key).json.migrated", false), ("\(key).json~", false),
        (".\(key).json", false), ("g\(key.dropFirst()).json", false), ("hosts.json", true), ("hosts.json.bak", false),
        ("Hosts.json", false), ("generation-limits.json", true), ("jobs-acc", true), ("jobs-", true),
        ("jobs-acc.migrated", false), ("jobs-acc.lock", false), ("job-acc", false), ("ledger.sqlite", false),
        ("\u{661}\(key.dropFirst()).json", false),
    ]

    @Test("Only files with the names of the earlier version are touched", arguments: names.indices)
    func found(row: Int) throws {
        let (name, isState) = Self.names[row]
        try write([], name)
        #expect(try EarlierFile.all(in: folder.path).map(\.path.lastComponent?.string) == (isState ? [name] : []))
    }

    @Test("Folders, links and pipes with such names are no state files")
    func others() async throws {
        try FileSystem.makeFolders(folder.path.appending("uploads/\(Self.key).json"))
        try folder.makeLink("uploads/hosts.json", to: "/etc/passwd")
        try folder.makePipe("jobs-acc")
        let taken = try await open().takeOver(from: folder.path)
        #expect(taken.records == 0)
        #expect(!folder.files().contains { $0.hasSuffix(".migrated") })
    }

    @Test("A state folder that is not there, is empty, or is a file has nothing to take over")
    func nothing() async throws {
        let ledger = try await open()
        let file = try folder.write([1], to: "file")
        for place in [folder.path.appending("missing"), folder.path, file] {
            #expect(try await ledger.takeOver(from: place) == TakeOver())
        }
    }

    private static let upload =
        #"{"key":"\#(key)","path":"/x","fingerprint":"f","bytes":3,"target":"http://h/","wire":"tus","#
        + #""uploadURL":"http://h/1","sentEverything":false,"isDiscarded":false,"created":5}"#

    @Test("A record that was torn anywhere stays with its remedy, and is taken over once it is whole")
    func torn() async throws {
        let ledger = try await open()
        let (bytes, name) = (Array(Self.upload.utf8), "uploads/\(Self.key).json")
        let lengths = Array(stride(from: 0, to: bytes.count, by: 11)) + [bytes.count - 1]
        for length in lengths {
            try write(Array(bytes[..<length]), name)
            let taken = try await ledger.takeOver(from: folder.path)
            #expect(taken.records == 0 && taken.problems.count == 1, "\(length)")
            #expect(taken.problems.first?.message.contains("start that upload over") == true)
            #expect(try folder.bytes(of: name) == Array(bytes[..<length]))
        }
        #expect(try await LedgerUploadStore(ledger).records().isEmpty)
        try write(bytes, name)
        #expect(try await ledger.takeOver(from: folder.path).records == 1)
        #expect(try await LedgerUploadStore(ledger).records().map(\.key) == [Self.key])
    }

    /// Lines of `jobs-ACCOUNT`, and the jobs that they assign.
    static let lines: [(text: String, jobs: Set<String>)] = [
        ("", []), ("\n\n\n", []), ("100 k job", ["job"]), ("100 k job\n100 k job\n", ["job"]),
        ("100 k a job with spaces", ["a job with spaces"]), ("100 k", []), ("k job 100", []), ("1e3 k job", []),
        ("-5 k job", []), ("-9223372036854775808 k job", []), ("9223372036854775807 k job", []),
        ("99999999999999999999 k job", []), ("0 k job", ["job"]), ("100  job", []), ("100 k job\u{0}x", ["job"]),
        ("bad line\n100 k one\n\n200 k two", ["one", "two"]), (String(repeating: "x", count: 70_000), []),
    ]

    @Test("Lines of submissions that mean nothing are passed over, and the others count", arguments: lines.indices)
    func jobClaims(row: Int) async throws {
        let (text, jobs) = Self.lines[row]
        try write(Array(text.utf8), "jobs-acc")
        let ledger = try await open()
        #expect(try await ledger.takeOver(from: folder.path).problems.isEmpty)
        let kept = try await LedgerJobClaims(ledger).jobs(of: "acc", exceptFor: "other")
        // What follows a NUL byte is no part of a name that the provider gave.
        #expect(Set(kept.map { String($0.prefix { $0 != "\u{0}" }) }) == jobs)
    }

    @Test("Bytes that are no UTF-8 in a list of submissions end no process")
    func noText() async throws {
        try write([0x31, 0x20, 0x6B, 0x20, 0xFF, 0xFE, 0x0A, 0xC0, 0x80], "jobs-acc")
        let ledger = try await open()
        #expect(try await ledger.takeOver(from: folder.path).records == 1)
        #expect(try await LedgerJobClaims(ledger).jobs(of: "acc", exceptFor: "").count == 1)
    }

    @Test(
        "Each kind of file that cannot be read says what removing it means",
        arguments: [
            ("uploads/\(key).json", "start that upload over"), ("generations/journal/0.json", "paid for"),
            ("uploads/hosts.json", "learnt again"), ("generations/generation-limits.json", "learnt again"),
        ])
    func remedies(name: String, remedy: String) async throws {
        for text in ["", "[]", "{", "null", #"{"a":1}"#, "\u{FEFF}{}", "{\"a\":{\"a\":"] {
            try write(Array(text.utf8), name)
            let taken = try await open().takeOver(from: folder.path)
            // A list of hosts or limits may be empty, and is never half-read.
            #expect(taken.records == 0)
            if let problem = taken.problems.first {
                #expect(problem.message.contains(remedy) && problem.path == folder.path.appending(name))
            }
        }
    }

    @Test("One record that the ledger cannot keep keeps all others back, and every file stays")
    func atomic() async throws {
        let ledger = try await open()
        try write(Array(Self.upload.utf8), "uploads/\(Self.key).json")
        try write(Array(#"{"http://h:80":{"ceiling":7,"until":9}}"#.utf8), "uploads/hosts.json")
        try await ledger.pool.write { database in
            try database.execute(
                sql: """
                    CREATE TRIGGER refuse BEFORE INSERT ON host_limits
                    BEGIN SELECT RAISE(ABORT, 'refused'); END
                    """)
        }
        await expectFailure(.notAllowed) { _ = try await ledger.takeOver(from: folder.path) }
        #expect(!folder.files().contains { $0.hasSuffix(".migrated") })
        #expect(try await LedgerUploadStore(ledger).records().isEmpty)
        try await ledger.pool.write { try $0.execute(sql: "DROP TRIGGER refuse") }
        #expect(try await ledger.takeOver(from: folder.path).records == 2)
    }

    @Test("A job that belongs to a submission by now stays with that")
    func laterClaims() async throws {
        let ledger = try await open()
        #expect(try await LedgerJobClaims(ledger).claim("7", account: "acc", for: "new", now: 300))
        try write(Array("100 old 7\n200 old 8\n".utf8), "jobs-acc")
        #expect(try await ledger.takeOver(from: folder.path).problems.isEmpty)
        let claims = LedgerJobClaims(try await open())
        #expect(try await claims.jobs(of: "acc", exceptFor: "old") == ["7"])
        #expect(try await claims.jobs(of: "acc", exceptFor: "new") == ["8"])
    }
}
