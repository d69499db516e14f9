// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
package import Logging
import ServiceLifecycle
package import SnugHTTP
package import SnugLedger
import SnugSystem
import Synchronization

/// Tells an address of each job that ends: at least once, and as often as it takes.
///
/// Messages are in the ledger until their receiver has them. What ended just before the process did is found at the next
/// start. A receiver tells a message that comes twice by its `webhook-id`.
package final class WebhookService: Service {
    /// The waits after failed attempts; a message that failed once more is given up.
    package static let usualDelays: [Duration] = [
        .seconds(5), .seconds(300), .seconds(1800), .seconds(7200), .seconds(18_000), .seconds(36_000),
        .seconds(50_400), .seconds(72_000), .seconds(86_400),
    ]
    /// Time for which a message that was sent is remembered, and which a start looks back.
    private static let memory = Duration.seconds(3600)
    private static let cursor = "cursor"

    private let webhook: Webhook
    private let signature: WebhookSignature?
    private let ledger: any LedgerStore & DocumentStore
    private let http: HTTPClient
    private let logger: Logger
    private let delays: [Duration]
    private let ended = Mutex<Set<JobID>>([])
    private let wake = AsyncEvent()

    /// - Throws: `secret_missing`. It may block.
    package init(
        _ webhook: Webhook, ledger: any LedgerStore & DocumentStore, http: HTTPClient, logger: Logger,
        delays: [Duration] = usualDelays
    ) throws(DaemonError) {
        self.webhook = webhook
        signature = try webhook.secret.map { place throws(DaemonError) in try WebhookSignature(try place.read()) }
        self.ledger = ledger
        self.http = http
        self.logger = logger
        self.delays = delays
    }

    /// Takes note of a step of the daemon.
    package func record(_ event: DaemonEvent) {
        switch event.kind {
        case .delivered, .failed, .held:
            guard let job = event.subject?.job else { return }
            ended.withLock { _ = $0.insert(job) }
            wake.signal()
        default: return
        }
    }

    /// Sends messages until the graceful shutdown; what is not sent then is sent by the next process.
    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            var isCaughtUp = false
            while !Task.isCancelled {
                do {
                    if !isCaughtUp { try await catchUp() }
                    isCaughtUp = true
                    try await noteEnded()
                    let next = try await sendDue()
                    _ = await wake.wait(for: next)
                } catch {
                    guard !Task.isCancelled else { return }
                    logger.warning("webhook messages cannot be kept", metadata: ["reason": "\(error)"])
                    try? await Task.sleep(for: .seconds(5))
                }
            }
        }
    }

    /// Sends what there is to send, each message once at most.
    package func sendOnce() async throws {
        try await catchUp()
        try await noteEnded()
        _ = try await sendDue()
    }

    // MARK: Messages

    /// Finds jobs that ended when no process was there to tell.
    private func catchUp() async throws {
        let start = LedgerInstant.now
        if let text = try await ledger.document(.messages, Self.cursor)?.payload, let cursor = Int(text) {
            let since = LedgerInstant(milliseconds: cursor) - Self.memory / 2
            let filter = JobFilter(states: WebhookMessage.states, limit: .max)
            try await JobSelection.forEachPage(of: filter, in: ledger) { page in
                for job in page where job.since >= since { try await keep(job) }
            }
        }
        try await ledger.save("\(start.milliseconds)", as: .messages, Self.cursor)
    }

    private func noteEnded() async throws {
        let ids = ended.withLock { $0 }
        guard !ids.isEmpty else { return }
        let start = LedgerInstant.now
        for job in try await ledger.list(JobFilter(ids: Array(ids), limit: ids.count)) { try await keep(job) }
        try await ledger.save("\(start.milliseconds)", as: .messages, Self.cursor)
        ended.withLock { $0.subtract(ids) }
    }

    /// Keeps the message of a job, once.
    private func keep(_ job: Job) async throws {
        guard let message = WebhookMessage(job) else { return }
        let payload = try message.payload
        let end = LedgerInstant.now + .seconds(7 * 86_400)
        guard try await ledger.document(.messages, message.id) == nil else { return }
        try await ledger.save(payload, as: .messages, message.id, expiresAt: end)
    }

    /// Sends what is due.
    /// - Returns: The time until the next message is.
    private func sendDue() async throws -> Duration {
        let all = try await ledger.documents(.messages).compactMap { WebhookMessage(payload: $0.payload) }
        var next = Duration.seconds(60)
        for message in all where !message.isSent {
            try Task.checkCancellation()
            var message = message
            if message.dueAt <= LedgerInstant.now.milliseconds { try await send(&message) }
            guard !message.isSent else { continue }
            next = min(next, .milliseconds(max(1, message.dueAt - LedgerInstant.now.milliseconds)))
        }
        return next
    }

    private func send(_ message: inout WebhookMessage) async throws {
        let problem = try await problem(of: message)
        guard let problem else {
            message.isSent = true
            return try await save(message, for: Self.memory)
        }
        guard message.attempts < delays.count else {
            logger.error(
                "webhook message given up", metadata: ["id": "\(message.id)", "reason": "\(problem)"])
            message.isSent = true
            return try await save(message, for: Self.memory)
        }
        // Up to a fifth more, so that many messages do not come at once.
        let delay = delays[message.attempts] * Double.random(in: 1...1.2)
        message.dueAt = (LedgerInstant.now + delay).milliseconds
        message.attempts += 1
        logger.warning(
            "webhook message not accepted",
            metadata: ["id": "\(message.id)", "attempt": "\(message.attempts)", "reason": "\(problem)"])
        try await save(message, for: .seconds(7 * 86_400))
    }

    private func save(_ message: WebhookMessage, for time: Duration) async throws {
        try await ledger.save(try message.payload, as: .messages, message.id, expiresAt: .now + time)
    }

    /// The reason why the receiver does not have a message now; `nil` when it has it.
    /// - Throws: `CancellationError`.
    private func problem(of message: WebhookMessage) async throws -> String? {
        let timestamp = WallClock.seconds
        var fields: HTTPFields = [.contentType: "application/json"]
        do {
            fields.append(try HTTPField(checked: "webhook-id", message.id))
            fields.append(try HTTPField(checked: "webhook-timestamp", "\(timestamp)"))
            if let signature {
                let value = signature.value(id: message.id, timestamp: timestamp, body: message.body)
                fields.append(try HTTPField(checked: "webhook-signature", value))
            }
            var clocks = ClientRequest.Clocks()
            clocks.attemptTimeout = .seconds(20)
            var request = ClientRequest(
                .post, webhook.url, headerFields: fields, body: HTTPBody(bytes: Array(message.body.utf8)),
                clocks: clocks)
            request.addressPolicy = webhook.allowsInternalAddresses ? .any : .publicOnly
            let response = try await http.send(request)
            return response.isSuccess ? nil : "status \(response.status.code)"
        } catch let error as HTTPError {
            return error.message
        }
    }
}
