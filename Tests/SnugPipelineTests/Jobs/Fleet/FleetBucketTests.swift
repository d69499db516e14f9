// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugLedger
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

@testable import SnugPipeline

/// A fleet whose storage is a bucket of a server that others wrote.
@Suite struct FleetBucketTests {
    /// A bucket `bkt` of moto.
    private func server() async throws -> RealServer {
        let server: RealServer
        do { server = try await RealServer("moto") } catch let error as RealServer.Unavailable {
            try Test.cancel("SKIPPED, no such server here: \(error.reason)")
        }
        try await server.waitUntilListening()
        let request = ClientRequest(.put, try HTTPURL(server.url("/bkt")), body: .empty)
        let patient = RetryPolicy(maximumAttempts: 60, maximumDelay: .seconds(1))
        #expect(try await makeClient().perform(request, policy: patient).isSuccess)
        return server
    }

    @Test("A worker fits what two hosts drop, by way of the bucket, and a sweep leaves what is needed")
    func handsOver() async throws {
        let server = try await server()
        let client = BucketClient(
            try BucketAddress(name: "bkt", endpoint: try HTTPURL(server.url(""))),
            settings: S3Settings(accessKeyID: "test", secretKey: Secret("testtest")), client: try makeClient(),
            logger: quietLogger)
        let fleet = try await FleetFixture(S3Storage(client, prefix: "fleet"))
        for number in 0..<4 {
            let host = number % 2 == 0 ? "a" : "b"
            try fleet.folder.write(WatchImages.small(number), to: "\(host)/inbox/\(number).jpg")
        }
        let daemons = [try await fleet.host("a"), try await fleet.host("b"), try await fleet.worker("w")]
        try await fleet.whileRunning(daemons) {
            try await fleet.waitUntil("sources") { fleet.files("a/done").count + fleet.files("b/done").count == 4 }
        }
        #expect(fleet.files("a/outbox") == ["0.jpg", "2.jpg"] && fleet.files("b/outbox") == ["1.jpg", "3.jpg"])
        #expect(fleet.storage.storedCount >= 8 && fleet.storage.fetchedCount >= 8)
        try await fleet.check(hosts: ["a", "b", "w"])
        let sweeper = StorageSweeper(fleet.storage, ledger: fleet.ledger, grace: .seconds(-1), logger: quietLogger)
        let referred = try await sweeper.sweep().referred
        #expect(try await fleet.storage.objects(after: nil).count == referred && referred >= 4)
        #expect(try await fleet.storage.owner() == StorageOwnership.name(of: fleet.ledger))
    }
}
