// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugUpload

/// The promises of every store of uploads.
@Suite struct UploadStoreConformanceTests {
    private func record(_ key: String, created: Int = 5, url: String? = "http://h/1") -> UploadRecord {
        UploadRecord(
            key: key, path: "/x", fingerprint: "f", bytes: 3, target: "http://h/", uploadProtocol: .tus, uploadURL: url,
            pieces: [UploadRecord.Piece(offset: 0, bytes: 3, uploadURL: nil, sentEverything: true)], expires: 9,
            created: created)
    }

    @Test(
        "A record comes back as it was, the last one saved counts, and another process sees it",
        arguments: StoreKind.allCases)
    func records(kind: StoreKind) async throws {
        let stores = try await StorePair.uploads(kind)
        var saved = record("k")
        try await stores.one.save(saved)
        #expect(try await stores.two.record("k") == saved)
        saved.isDiscarded = true
        saved.creating = 7
        try await stores.two.save(saved)
        #expect(try await stores.one.record("k") == saved)
        #expect(try await stores.one.record("other") == nil)
    }

    @Test("Records are listed the oldest first, those of one second by their keys", arguments: StoreKind.allCases)
    func order(kind: StoreKind) async throws {
        let stores = try await StorePair.uploads(kind)
        #expect(try await stores.one.records().isEmpty)
        for (key, created) in [("b", 2), ("c", 1), ("a", 2)] {
            try await stores.one.save(record(key, created: created))
        }
        #expect(try await stores.two.records().map(\.key) == ["c", "a", "b"])
    }

    @Test("A removed record is gone, and removing it again does no harm", arguments: StoreKind.allCases)
    func removal(kind: StoreKind) async throws {
        let stores = try await StorePair.uploads(kind)
        try await stores.one.save(record("k"))
        try await stores.two.remove("k")
        try await stores.one.remove("k")
        #expect(try await stores.one.record("k") == nil)
        #expect(try await stores.one.records().isEmpty)
    }

    @Test("An upload is locked by one holder at a time, and free again after it", arguments: StoreKind.allCases)
    func locks(kind: StoreKind) async throws {
        let stores = try await StorePair.uploads(kind)
        try await stores.one.lock("k")
        for store in [stores.one, stores.two] {
            let error = await #expect(throws: UploadError.self) { try await store.lock("k") }
            #expect(error?.code == .inUse)
        }
        try await stores.two.lock("other")
        await stores.one.unlock("k")
        try await stores.two.lock("k")
        await stores.two.unlock("k")
        await stores.two.unlock("other")
        // Given back twice: of no consequence.
        await stores.two.unlock("other")
        try await stores.one.lock("other")
    }

    @Test("Limits of hosts are kept apart, and the last one saved counts", arguments: StoreKind.allCases)
    func hostLimits(kind: StoreKind) async throws {
        let stores = try await StorePair.uploads(kind)
        #expect(try await stores.one.hostLimit(of: "http://h:80") == nil)
        try await stores.one.saveHostLimit(HostLimit(ceiling: 1, until: 2), of: "http://h:80")
        try await stores.two.saveHostLimit(HostLimit(ceiling: 3, until: 4), of: "http://i:80")
        try await stores.two.saveHostLimit(HostLimit(ceiling: 5, until: 6), of: "http://h:80")
        #expect(try await stores.one.hostLimit(of: "http://h:80") == HostLimit(ceiling: 5, until: 6))
        #expect(try await stores.one.hostLimit(of: "http://i:80") == HostLimit(ceiling: 3, until: 4))
    }

    @Test("An address belongs to the content that had it first, for all processes", arguments: StoreKind.allCases)
    func objectNames(kind: StoreKind) async throws {
        let stores = try await StorePair.uploads(kind)
        #expect(try await stores.one.reserve("http://h/c.jpg", for: "aa"))
        #expect(try await !stores.two.reserve("http://h/c.jpg", for: "bb"))
        #expect(try await stores.two.reserve("http://h/c.jpg", for: "aa"))
        #expect(try await stores.two.reserve("http://h/c-2.jpg", for: "bb"))
        // Of many at once, one gets it.
        let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                group.addTask {
                    try await (number % 2 == 0 ? stores.one : stores.two).reserve("http://h/d.jpg", for: "\(number)")
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(wins == 1)
    }

    @Test(
        "A task that was cancelled still reads and writes: it leaves its part of an upload to be found",
        arguments: StoreKind.allCases)
    func cancelled(kind: StoreKind) async throws {
        let stores = try await StorePair.uploads(kind)
        try await stores.one.save(record("before"))
        let late = record("late")
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            let found = try await stores.one.record("before")
            try await stores.one.save(late)
            try await stores.one.remove("before")
            return found
        }
        task.cancel()
        #expect(try await task.value == record("before"))
        #expect(try await stores.two.records() == [late])
    }
}

@Suite struct LedgerUploadStoreTests {
    @Test("The lock of a process that is gone is free")
    func gone() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path.appending("ledger.sqlite")
        let store = LedgerUploadStore(try await SQLiteLedger.open(path))
        do {
            let dying = LedgerUploadStore(try await SQLiteLedger.open(path))
            try await dying.lock("k")
            await #expect(throws: UploadError.self) { try await store.lock("k") }
        }
        #expect(
            try await eventually {
                do {
                    try await store.lock("k")
                    return true
                } catch let error as UploadError where error.code == .inUse {
                    return false
                }
            })
    }

    @Test("A record of an earlier version is read: the key of the upload protocol is wire")
    func format() async throws {
        let folder = try TemporaryFolder()
        let ledger = try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
        let text =
            #"{"key":"k","path":"/x","fingerprint":"f","bytes":3,"target":"http://h/","wire":"ranged-put","#
            + #""uploadURL":"http://h/1","sentEverything":false,"isDiscarded":false,"created":5}"#
        try await ledger.save(text, as: .uploads, "k")
        let record = try #require(try await LedgerUploadStore(ledger).record("k"))
        #expect(record.uploadProtocol == .rangedPut && record.uploadURL == "http://h/1")
    }

    @Test("A damaged record and a ledger that is closed are reported, not passed over")
    func damaged() async throws {
        let folder = try TemporaryFolder()
        let ledger = try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
        let store = LedgerUploadStore(ledger)
        try await ledger.save("{\"half", as: .uploads, "k")
        let error = await #expect(throws: UploadError.self) { _ = try await store.records() }
        #expect(error?.code == .stateFailed && error?.message.contains("record k in") == true)
        try await ledger.close()
        let closed = await #expect(throws: UploadError.self) { try await store.remove("k") }
        #expect(closed?.code == .stateFailed)
        let unlocked = await #expect(throws: UploadError.self) { try await store.lock("k") }
        #expect(unlocked?.code == .stateFailed)
    }
}
