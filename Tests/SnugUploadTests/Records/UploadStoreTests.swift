// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugUpload

/// The promises of every store.
@Suite struct UploadStoreConformance {
    private let folder: ScratchFolder
    private let stores: [any UploadStore]

    init() throws {
        folder = try ScratchFolder()
        stores = [try FileUploadStore(folder.path.appending("a/b")), MemoryUploadStore()]
    }

    private func record(_ key: String, created: Int = 5, url: String? = "http://h/1") -> UploadRecord {
        UploadRecord(
            key: key, path: "/x", fingerprint: "f", bytes: 3, target: "http://h/", uploadProtocol: .tus, uploadURL: url,
            pieces: [UploadRecord.Piece(offset: 0, bytes: 3, uploadURL: nil, sentEverything: true)], expires: 9,
            created: created)
    }

    @Test("A record comes back as it was, and the last one saved counts")
    func records() throws {
        for store in stores {
            var saved = record("k")
            try store.save(saved)
            #expect(try store.record("k") == saved)
            saved.isDiscarded = true
            try store.save(saved)
            #expect(try store.record("k") == saved && store.record("other") == nil)
        }
    }

    @Test("Pending uploads are listed the oldest first, without those that have nothing at the server")
    func pending() throws {
        for store in stores {
            for (key, created) in [("b", 2), ("c", 1), ("a", 2)] { try store.save(record(key, created: created)) }
            var asked = record("d", url: nil)
            asked.pieces = nil
            try store.save(asked)
            #expect(try store.pending().map(\.key) == ["c", "a", "b"])
        }
    }

    @Test("A removed record is gone, and removing it again does no harm")
    func removal() throws {
        for store in stores {
            try store.save(record("k"))
            try store.remove("k")
            try store.remove("k")
            #expect(try store.record("k") == nil && store.pending().isEmpty)
        }
    }

    @Test("An upload is locked by one holder at a time, and free again after it")
    func locks() throws {
        for store in stores {
            var lock: (any UploadLock)? = try store.lock("k")
            let error = #expect(throws: UploadError.self) { try store.lock("k") }
            #expect(error?.code == .inUse)
            let other = try store.lock("other")
            #expect(lock != nil)
            lock = nil
            lock = try store.lock("k")
            withExtendedLifetime((lock, other)) {}
        }
    }

    @Test("Limits of hosts are replaced together")
    func hostLimits() throws {
        for store in stores {
            #expect(try store.hostLimits().isEmpty)
            try store.saveHostLimits(["http://h:80": HostLimit(ceiling: 1, until: 2)])
            try store.saveHostLimits(["http://i:80": HostLimit(ceiling: 3, until: 4)])
            #expect(try store.hostLimits() == ["http://i:80": HostLimit(ceiling: 3, until: 4)])
        }
    }

    @Test("A limit is remembered for a day, with a store also by the next uploader")
    func days() throws {
        for store in stores {
            let limits = HostLimits(store)
            try limits.remember(ceiling: 1000, of: "http://h:80", now: 1_000_000)
            try limits.remember(ceiling: 2000, of: "http://i:80", now: 1_000_000)
            for known in [limits, HostLimits(store)] {
                #expect(try known.ceiling(of: "http://h:80", now: 1_000_000 + 86_399) == 1000)
                #expect(try known.ceiling(of: "http://i:80", now: 1_000_000 + 86_399) == 2000)
                #expect(try known.ceiling(of: "http://h:80", now: 1_000_000 + 86_401) == nil)
                #expect(try known.ceiling(of: "http://other:80", now: 1_000_000) == nil)
            }
        }
    }

    @Test("Without a store a limit is remembered while the process lives")
    func withoutStore() throws {
        let limits = HostLimits(nil)
        try limits.remember(ceiling: 1000, of: "http://h:80", now: 1_000_000)
        #expect(try limits.ceiling(of: "http://h:80", now: 1_000_000) == 1000)
    }
}

@Suite struct FileUploadStoreTests {
    private let folder: ScratchFolder
    private let store: FileUploadStore

    init() throws {
        folder = try ScratchFolder()
        store = try FileUploadStore(folder.path.appending("state"))
    }

    @Test("Another process finds the records that this one wrote")
    func reopening() throws {
        let record = UploadRecord(
            key: "k", path: "/x", fingerprint: "f", bytes: 3, target: "http://h/", uploadProtocol: .s3, uploadID: "u",
            created: 5)
        try store.save(record)
        #expect(try FileUploadStore(folder.path.appending("state")).pending() == [record])
    }

    @Test("A record of an earlier version is read: the key of the upload protocol is wire")
    func format() throws {
        let text =
            #"{"key":"k","path":"/x","fingerprint":"f","bytes":3,"target":"http://h/","wire":"ranged-put","#
            + #""uploadURL":"http://h/1","sentEverything":false,"isDiscarded":false,"created":5}"#
        _ = try folder.file(Array(text.utf8), named: "state/k.json")
        let record = try #require(try store.record("k"))
        #expect(record.uploadProtocol == .rangedPut && record.uploadURL == "http://h/1" && record.created == 5)
    }

    @Test("A damaged record is an error that names its file")
    func damage() throws {
        _ = try folder.file(Array("{".utf8), named: "state/k1.json")
        let error = #expect(throws: UploadError.self) { try store.pending() }
        #expect(error?.code == .stateFailed && error?.message.contains("k1.json") == true)
    }

    @Test("A file in place of the folder is an error that says what to do")
    func notAFolder() throws {
        let file = try folder.file([1], named: "file")
        for path in [file, file.appending("below")] {
            let error = #expect(throws: UploadError.self) { try FileUploadStore(path) }
            #expect(error?.code == .stateFailed && error?.message.contains("not a folder") == true)
        }
    }

    @Test("A folder that is gone is an error of each call, never an empty store")
    func goneFolder() throws {
        try FileSystem.removeFolder(store.directory)
        #expect(throws: UploadError.self) { try store.pending() }
    }

    @Test("A lock leaves no file behind")
    func lockFile() throws {
        let lock = try store.lock("k")
        withExtendedLifetime(lock) {}
        #expect(try store.pending().isEmpty)
    }
}

@Suite struct UploadRecordTests {
    @Test("The key depends on file, target and upload protocol, and not on how the path is written")
    func keys() {
        let key = UploadRecord.key(path: "/a/b", target: "http://h/", uploadProtocol: .tus)
        #expect(key == UploadRecord.key(path: "/a/./c/../b", target: "http://h/", uploadProtocol: .tus))
        #expect(key.utf8.count == 32)
        for other in [
            UploadRecord.key(path: "/a/c", target: "http://h/", uploadProtocol: .tus),
            UploadRecord.key(path: "/a/b", target: "http://i/", uploadProtocol: .tus),
            UploadRecord.key(path: "/a/b", target: "http://h/", uploadProtocol: .put),
        ] { #expect(other != key) }
    }

    @Test("A file that is gone can be stood in for, to remove what the server has of it")
    func standIn() throws {
        let source = try UploadSource(standInFor: "/nowhere/at/all")
        #expect(source.byteCount == 0 && source.path == "/nowhere/at/all")
    }
}
