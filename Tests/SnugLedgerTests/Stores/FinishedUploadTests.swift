// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger
@testable import SnugUpload

@Suite("Receipts of finished uploads") struct FinishedUploadTests {
    private func receipt(_ url: String) -> UploadReceipt {
        UploadReceipt(
            url: url, presignedURL: "\(url)?sig=a%2Fb&x=\"y\"", uploadProtocol: .s3, bytes: 7, sha256: "00ff",
            etag: "\"e-2\"", confirmation: .checksum, attempts: 3, retries: 1, bytesSent: 9, seconds: 0.25,
            resumed: true, response: "line 1\nline 2 \u{1F305}")
    }

    @Test("A receipt comes back to the last field, and the last one of a key counts", arguments: StoreKind.allCases)
    func kept(kind: StoreKind) async throws {
        let stores = try await StorePair.uploads(kind)
        let (one, two) = (
            try #require(stores.one as? any FinishedUploadStore), try #require(stores.two as? any FinishedUploadStore)
        )
        #expect(try await one.receipt(of: "k") == nil)
        try await one.finish("k", with: receipt("http://h/1"))
        try await two.finish("l", with: receipt("http://h/2"))
        #expect(try await two.receipt(of: "k") == receipt("http://h/1"))
        try await two.finish("k", with: receipt("http://h/3"))
        #expect(try await one.receipt(of: "k") == receipt("http://h/3"))
        #expect(try await one.receipt(of: "l") == receipt("http://h/2"))
        // Pending uploads are another matter.
        #expect(try await stores.one.records().isEmpty)
    }

    @Test("A receipt is remembered for a year from the last time, and pruned after it")
    func year() async throws {
        let folder = try TemporaryFolder()
        let time = TestTime()
        let configuration = LedgerConfiguration(environment: time.environment)
        let ledger = try await SQLiteLedger.open(
            folder.path.appending("ledger.sqlite"), configuration: configuration)
        let store = LedgerUploadStore(ledger)
        let day = Duration.seconds(86_400)
        try await store.finish("k", with: receipt("http://h/1"))
        #expect(try await store.reserve("http://h/1", for: "aa"))
        time.advance(day * 364)
        #expect(try await store.receipt(of: "k") != nil)
        // Seen again: the year starts over.
        try await store.finish("k", with: receipt("http://h/1"))
        time.advance(day * 364)
        #expect(try await store.receipt(of: "k") != nil)
        time.advance(day)
        #expect(try await store.receipt(of: "k") == nil)
        try await ledger.prune(PruningPolicy())
        let rows = try await ledger.look { try $0.documents(.finishedUploads) }
        // An address stays somebody's: another object would take its place.
        #expect(rows.count == 1)
        #expect(try await !store.reserve("http://h/1", for: "bb"))
    }

    @Test("A receipt of a version that knew less is read, and one that is damaged is named with what to do")
    func damaged() async throws {
        let folder = try TemporaryFolder()
        let ledger = try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
        let store = LedgerUploadStore(ledger)
        let text =
            #"{"url":"http://h/1","protocol":"tus","bytes":3,"confirmation":"length","attempts":1,"retries":0,"#
            + #""bytes_sent":3,"seconds":1,"resumed":false}"#
        try await ledger.save(text, as: .finishedUploads, "k")
        #expect(try await store.receipt(of: "k")?.sha256 == nil)
        try await ledger.save(String(text.dropLast(4)), as: .finishedUploads, "k")
        let error = await #expect(throws: UploadError.self) { _ = try await store.receipt(of: "k") }
        #expect(error?.code == .stateFailed && error?.message.contains("--state") == true)
    }
}
