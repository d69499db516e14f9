// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Several processes with webhooks on one ledger.
@Suite(.timeLimit(.minutes(2))) struct WebhookFleetTests {
    /// The kinds of ledgers that processes share.
    enum Kind: CaseIterable { case file, service }

    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// The ledger of each of two hosts; none where there is no PostgreSQL.
    private func ledgers(_ kind: Kind) async throws -> [any SharedLedger] {
        guard kind == .file || PostgresServer.isAvailable else { return [] }
        let text =
            kind == .file
            ? folder.path.appending("l.sqlite").string
            : try await PostgresServer.address(database: PostgresServer.newDatabase())
        let location = try LedgerLocation(text, isPrivate: true)
        return [try await location.open(), try await location.open()]
    }

    private func service(
        _ receiver: FaultServer, _ ledger: any SharedLedger, hours: Int = 0, path: String = "/hook"
    ) throws -> WebhookService {
        var webhook = Webhook(url: try receiver.address(path))
        webhook.allowsInternalAddresses = true
        return try WebhookService(
            webhook, ledger: ledger, http: try makeClient(), logger: quietLogger, delays: [.milliseconds(1)],
            lookingPeriod: .milliseconds(40), now: { .now + .seconds(3600 * hours) })
    }

    /// A job that a process ends and tells nobody of, as one that is killed then.
    private func endJob(_ name: String, in ledger: any SharedLedger) async throws {
        let identity = JobIdentity(contentHash: name, pipeline: "p")
        _ = try await ledger.enqueue([NewJob(identity, name: name, folder: "inbox")])
        let claimed = try #require(try await ledger.claim(ClaimRequest()).first)
        try await ledger.recordOutcome(.failed(JobReason(code: "bad", message: "it is bad")), under: claimed.lease)
    }

    private func receiver(after microseconds: UInt32 = 0, status: Int = 200) throws -> FaultServer {
        try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                usleep(microseconds)
                try connection.respond(status)
            }
        }
    }

    @Test("Each address gets each message, whoever was first", arguments: Kind.allCases)
    func addresses(kind: Kind) async throws {
        let ledgers = try await ledgers(kind)
        let receivers = [try receiver(), try receiver()]
        for (ledger, receiver) in zip(ledgers, receivers) { try await service(receiver, ledger).sendOnce() }
        for ledger in ledgers.prefix(1) { try await endJob("a.jpg", in: ledger) }
        for hours in [0, 2] {
            for (ledger, receiver) in zip(ledgers, receivers) {
                try await service(receiver, ledger, hours: hours).sendOnce()
            }
        }
        #expect(receivers.map(\.requests.count) == ledgers.map { _ in 1 } + (ledgers.isEmpty ? [0, 0] : []))
        for ledger in ledgers { try await ledger.close() }
    }

    @Test("A job that a host ended and told nobody of is told by another, once", arguments: Kind.allCases)
    func otherHosts(kind: Kind) async throws {
        let ledgers = try await ledgers(kind)
        let receiver = try receiver(after: 150_000)
        let tasks = try ledgers.map { ledger in
            let service = try service(receiver, ledger)
            return Task { try await service.run() }
        }
        for (name, ledger) in zip(["a.jpg", "b.jpg"], ledgers) {
            // Both hosts have looked before.
            try await Task.sleep(for: .milliseconds(150))
            try await endJob(name, in: ledger)
        }
        while receiver.requests.count < ledgers.count { try await Task.sleep(for: .milliseconds(5)) }
        try await Task.sleep(for: .milliseconds(500))
        #expect(receiver.requests.count == ledgers.count)
        for task in tasks {
            task.cancel()
            _ = await task.result
        }
        for ledger in ledgers { try await ledger.close() }
    }

    @Test("An address that changes takes over what the old one has not got, also from an earlier version")
    func newAddress() async throws {
        let ledger = try #require(try await ledgers(.file).first)
        let (deaf, receiver) = (try receiver(status: 404), try receiver())
        try await ledger.save("\(LedgerInstant.now.milliseconds)", as: .messages, "cursor")
        try await endJob("a.jpg", in: ledger)
        try await service(deaf, ledger).sendOnce()
        #expect(deaf.requests.count == 1)
        try await endJob("b.jpg", in: ledger)
        try await service(receiver, ledger).sendOnce()
        #expect(Set(receiver.requests.map { $0.headers["webhook-id"] ?? "" }).count == 2)
        try await service(receiver, ledger, hours: 1).sendOnce()
        #expect(receiver.requests.count == 2)
        // What the old one got is not sent to the new one.
        let third = try self.receiver()
        try await service(third, ledger).sendOnce()
        #expect(third.requests.isEmpty)
        try await ledger.close()
    }
}
