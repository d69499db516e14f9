// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugLedger
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Messages about jobs that end, to a receiver over real sockets.
@Suite struct WebhookServiceTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    /// A receiver whose responses have these statuses, the last one from then on.
    private static func receiver(_ statuses: [Int]) throws -> FaultServer {
        let count = Counter()
        return try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(statuses[min(count.next(), statuses.count - 1)])
            }
        }
    }

    /// Runs a daemon with a webhook until the receiver has so many messages.
    private static func run(
        _ fixture: DaemonFixture, _ receiver: FaultServer, until count: Int
    ) async throws {
        try fixture.folder.write(Array(secret.utf8), to: "secret")
        var webhook = Webhook(
            url: try receiver.address("/hook"), secret: .file(fixture.folder.path.appending("secret")))
        webhook.allowsInternalAddresses = true
        let service = try WebhookService(
            webhook, ledger: fixture.ledger, http: try makeClient(), logger: quietLogger,
            delays: [.milliseconds(1), .milliseconds(1)])
        // A text is no whole image, and is given up after the patience.
        let configuration = fixture.configuration { $0.patience = .milliseconds(150) }
        let daemon = try fixture.daemon(configuration, told: { service.record($0) })
        try await fixture.whileRunning(daemon) {
            let task = Task { try await service.run() }
            try await fixture.waitUntil { receiver.requests.count >= count }
            task.cancel()
            _ = await task.result
        }
    }

    @Test("The signature is that of the example of Standard Webhooks")
    func signature() throws {
        let signature = try WebhookSignature(Secret(Self.secret))
        let value = signature.value(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: "{\"test\": 2432232314}")
        #expect(value == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        for wrong in ["", "whsec_", "whsec_!", "whsec_c2hvcnQ="] {
            #expect(throws: DaemonError.self) { try WebhookSignature(Secret(wrong)) }
        }
    }

    @Test("Each job that ends is told once, signed, with its state and reason")
    func tells() async throws {
        let (fixture, receiver) = (try await DaemonFixture(), try Self.receiver([200]))
        try fixture.folder.write(WatchImages.small(1), to: "inbox/good.jpg")
        try fixture.folder.write(Array("no image".utf8), to: "inbox/bad.jpg")
        try await Self.run(fixture, receiver, until: 2)
        let key = Array(try #require(Data(base64Encoded: String(Self.secret.dropFirst(6)))))
        var told: [String: String] = [:]
        for request in receiver.requests {
            #expect(request.method == "POST" && request.target == "/hook")
            let (id, time) = (request.headers["webhook-id"] ?? "", request.headers["webhook-timestamp"] ?? "")
            let signed = Data("\(id).\(time).".utf8) + Data(request.body)
            let code = Data(MessageDigest.hmacSHA256(signed, key: key)).base64EncodedString()
            #expect(request.headers["webhook-signature"] == "v1,\(code)")
            let value = try #require(JSONValue(parsing: request.body))
            told[value["data"]?["name"]?.text ?? ""] = value["type"]?.text
        }
        #expect(told == ["good.jpg": "job.delivered", "bad.jpg": "job.failed"])
        #expect(receiver.requests.count == 2)
    }

    @Test("A message that is not accepted comes again with the same name, and is given up in the end")
    func repeats() async throws {
        let (fixture, receiver) = (try await DaemonFixture(), try Self.receiver([500, 404, 204]))
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await Self.run(fixture, receiver, until: 3)
        let names = receiver.requests.map { $0.headers["webhook-id"] }
        #expect(Set(names).count == 1)
        let (other, deaf) = (try await DaemonFixture(), try Self.receiver([500]))
        try other.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await Self.run(other, deaf, until: 3)
        #expect(deaf.requests.count == 3)
    }

    /// Runs a daemon until one job has ended, about which a service that starts then has a message.
    private static func finishJob(in fixture: DaemonFixture) async throws {
        try await fixture.ledger.save("\(LedgerInstant.now.milliseconds)", as: .messages, "cursor")
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await fixture.daemon().runOnce()
    }

    @Test("Addresses of internal networks get nothing unless that is allowed")
    func internalAddress() async throws {
        let (fixture, receiver) = (try await DaemonFixture(), try Self.receiver([200]))
        try await Self.finishJob(in: fixture)
        let service = try WebhookService(
            Webhook(url: try receiver.address()), ledger: fixture.ledger, http: try makeClient(), logger: quietLogger)
        try await service.sendOnce()
        #expect(receiver.requests.isEmpty)
        let messages = try await fixture.ledger.documents(.messages).compactMap { WebhookMessage(payload: $0.payload) }
        #expect(messages.map(\.attempts) == [1])
    }

    @Test("What was sent is not sent again, however long after the last job a service starts")
    func restarts() async throws {
        let (fixture, receiver) = (try await DaemonFixture(), try Self.receiver([200]))
        try await Self.finishJob(in: fixture)
        var webhook = Webhook(url: try receiver.address())
        webhook.allowsInternalAddresses = true
        var kept: [Int] = []
        for hours in [0, 0, 2, 2, 24] {
            let service = try WebhookService(
                webhook, ledger: fixture.ledger, http: try makeClient(), logger: quietLogger,
                now: { .now + .seconds(3600 * hours) })
            try await service.sendOnce()
            let documents = try await fixture.ledger.documents(.messages).filter { !$0.key.hasSuffix("cursor") }
            kept.append(documents.count)
            // As long as a start may find the job, and no longer; and not the body.
            for document in documents {
                #expect(document.expiresAt == nil)
                let message = try #require(WebhookMessage(payload: document.payload))
                #expect(message.isSent && message.body.isEmpty)
            }
        }
        #expect(receiver.requests.count == 1)
        #expect(kept == [1, 1, 0, 0, 0])
    }

    @Test("A turn looks at messages that are due, the longest due first, and forgets none that a start may find")
    func schedule() throws {
        var schedule = WebhookSchedule()
        func message(_ name: String, ended: Int, due: Int, isSent: Bool = false) throws -> WebhookMessage {
            let text = #"{"id":"msg_\#(name)_\#(ended)","body":"b","attempts":0,"dueAt":\#(due),"isSent":\#(isSent)}"#
            return try #require(WebhookMessage(payload: text))
        }
        let (now, minute) = (LedgerInstant(milliseconds: 1_000_000), Duration.seconds(60))
        #expect(schedule.due(at: now).isEmpty && schedule.delay(after: now) == minute)
        schedule.note(try message("late", ended: 10, due: 1_000_500))
        #expect(schedule.delay(after: now) == .milliseconds(500))
        schedule.note(try message("b", ended: 20, due: 900_000))
        schedule.note(try message("a", ended: 30, due: 800_000))
        schedule.note(try message("sent", ended: 40, due: 1, isSent: true))
        #expect(schedule.due(at: now) == ["msg_a_30", "msg_b_20"])
        var sent = try message("a", ended: 30, due: 800_000)
        sent.markSent()
        schedule.note(sent)
        #expect(schedule.due(at: now) == ["msg_b_20"])
        #expect(schedule.sent(before: LedgerInstant(milliseconds: 40)) == ["msg_a_30"])
        schedule.forget("msg_a_30")
        #expect(schedule.sent(before: LedgerInstant(milliseconds: 41)) == ["msg_sent_40"])
    }

    @Test("What ended when no service ran is told by the next one")
    func catchesUp() async throws {
        let (fixture, receiver) = (try await DaemonFixture(), try Self.receiver([200]))
        try await Self.finishJob(in: fixture)
        #expect(try await fixture.jobs()["a.jpg"]?.state == .delivered)
        try await Self.run(fixture, receiver, until: 1)
        #expect(receiver.requests.count == 1)
    }
}

/// Counts calls.
private final class Counter: Sendable {
    private let count = Mutex(0)
    func next() -> Int {
        count.withLock { count in
            defer { count += 1 }
            return count
        }
    }
}
