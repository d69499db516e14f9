// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugImage
import SnugLedger
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Objects at a server have names of their own, as results in an outbox have.
@Suite(.serialized) struct DaemonUploadTests {
    private let fixture: DaemonFixture
    private let server: FolderServer

    init() async throws {
        fixture = try await DaemonFixture()
        server = try FolderServer()
    }

    private func configuration(
        _ pipeline: String = "fit,upload", at path: String = "/in/", _ uploadProtocol: UploadProtocol? = .put
    ) throws -> WatchConfiguration {
        let url = try server.server.address(path)
        return fixture.configuration(Pipeline(pipeline) ?? .fit) { folder in
            folder.upload = UploadSettings(url: url, uploadProtocol: uploadProtocol)
            folder.policy.format = .jpeg
        }
    }

    /// Images of different sizes: a fit takes comments out.
    private func image(_ number: Int) -> [UInt8] { JPEGBuilder(width: 64 + 8 * number, height: 64).bytes }

    /// Every result is at the server under its receipt's address, with its own bytes.
    private func checkReceipts(count: Int) throws {
        let results = fixture.files("outbox").filter { !$0.hasSuffix(".receipt.json") }
        #expect(results.count == count && server.stored.count == count, "\(results) \(server.stored.keys)")
        for result in results {
            let outbox = fixture.folder.path.appending("outbox")
            let receipt = try UploadReceipt(reading: outbox.appending("\(result).receipt.json"))
            let place = try HTTPURL(receipt.url).path
            let bytes = try FileDescriptor.contents(of: outbox.appending(FilePath(result).components))
            #expect(server.stored[place] == bytes, "\(result) at \(place)")
        }
    }

    @Test("Two images of one name, and a later one of that name, are three objects: nothing is replaced")
    func names() async throws {
        try fixture.folder.write(image(1), to: "inbox/c.png")
        try fixture.folder.write(image(2), to: "inbox/c.jpg")
        #expect(try await fixture.daemon(configuration()).runOnce().deliveredCount == 2)
        try fixture.folder.write(image(3), to: "inbox/c.jpg")
        #expect(try await fixture.daemon(configuration()).runOnce().deliveredCount == 1)
        let first = server.takePuts()
        #expect(Set(first).count == 3 && first.count == 3 && first.contains("/in/c.jpg"), "\(first)")
        try checkReceipts(count: 3)
        // A job that was forgotten has its object still, and the same bytes are no other object.
        try await fixture.ledger.prune(PruningPolicy(delivered: .zero))
        try fixture.folder.write(image(3), to: "inbox/c.jpg")
        try await fixture.daemon(configuration()).runOnce()
        #expect(server.stored.count == 3 && server.takePuts().count <= 1)
        try await fixture.checkBooks()
    }

    @Test("Two images that come out as one content are one object, and each has its receipt")
    func oneContent() async throws {
        for number in 1...2 { try fixture.folder.write(WatchImages.small(number), to: "inbox/c.\(number).jpg") }
        try fixture.folder.write(WatchImages.small(3), to: "inbox/c.png")
        try await fixture.daemon(configuration()).runOnce()
        try fixture.folder.write(WatchImages.small(4), to: "inbox/c.png")
        try await fixture.daemon(configuration()).runOnce()
        #expect(Set(server.takePuts()) == ["/in/c.1.jpg", "/in/c.2.jpg", "/in/c.jpg"])
        #expect(fixture.files("outbox").contains("c.jpg.receipt-2.json"), "\(fixture.files("outbox"))")
        try await fixture.checkBooks()
    }

    @Test("Images that go as they are keep their names, and another content of a name has another one")
    func unfitted() async throws {
        for (number, name) in ["a.jpg", "sub/a.jpg", "b"].enumerated() {
            try fixture.folder.write(image(number), to: "inbox/\(name)")
        }
        try await fixture.daemon(configuration("upload")).runOnce()
        #expect(server.takePuts() == ["/in/a.jpg", "/in/b", "/in/sub/a.jpg"])
        for (number, name) in ["a.jpg", "b"].enumerated() {
            try fixture.folder.write(image(10 + number), to: "inbox/\(name)")
        }
        try await fixture.daemon(configuration("upload")).runOnce()
        let later = server.takePuts()
        #expect(later.count == 2 && later.contains("/in/b-2") && server.stored.count == 5, "\(later)")
    }

    @Test("What snug upload has put at an address stays there")
    func beside() async throws {
        let place = fixture.folder.path.appending("mine")
        try fixture.folder.write([1, 2, 3], to: "mine")
        let store = LedgerUploadStore(fixture.ledger)
        var request = UploadRequest(
            inputs: [UploadInput(place, name: "c.jpg")],
            destination: UploadDestination(url: try server.server.address("/in/"), uploadProtocol: .put))
        request.finished = store
        let uploader = Uploader(client: try makeClient(), store: store, logger: quietLogger)
        try await UploadRun(request, uploader: uploader).run()
        try fixture.folder.write(image(2), to: "inbox/c.jpg")
        try await fixture.daemon(configuration()).runOnce()
        #expect(server.stored["/in/c.jpg"] == [1, 2, 3] && server.stored.count == 2)
    }

    @Test("A secret at the end of the address goes to the server, and into no ledger and no receipt")
    func secretQuery() async throws {
        let secret = try fixture.folder.write(Array("?sv=1&sig=very-secret\n".utf8), to: "keys/sas")
        var configuration = try configuration("upload")
        configuration.folders[0].upload?.query = .secret(prefix: "", .file(secret))
        try fixture.folder.write(image(1), to: "inbox/a.jpg")
        #expect(try await fixture.daemon(configuration).runOnce().isClean)
        #expect(server.takePuts() == ["/in/a.jpg?sv=1&sig=very-secret"])
        let receipt = try UploadReceipt(reading: fixture.folder.path.appending("outbox/a.jpg.receipt.json"))
        #expect(receipt.url == (try server.server.address("/in/a.jpg").text))
        let job = try #require(try await fixture.jobs()["a.jpg"])
        #expect(!(job.identity.options + job.payload).contains("very-secret"))
        for name in fixture.folder.files() where name.hasPrefix("state/") {
            let bytes = try FileDescriptor.contents(of: fixture.folder.path.appending(FilePath(name).components))
            #expect(bytes.firstRange(of: Array("very-secret".utf8)) == nil, "\(name)")
        }
    }

    @Test("A server that turns out to take one file at its address gets none, and the remedy is told")
    func oneAddress() async throws {
        try fixture.folder.write(image(1), to: "inbox/a.jpg")
        try await fixture.daemon(configuration("upload", at: "/in", nil)).runOnce()
        let reason = try #require(try await fixture.jobs()["a.jpg"]?.reason)
        #expect(reason.code == "invalid_target" && reason.message.contains("end it with '/'"), "\(reason)")
        #expect(server.stored.isEmpty && fixture.files("failed") == ["a.jpg", "a.jpg.error.json"])
        try await fixture.checkBooks()
    }
}
