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
    /// Time before the cursor that a start looks back over: clocks of hosts differ, and jobs end while a turn runs.
    private static let lookBack = Duration.seconds(1800)
    /// Time that messages which were sent stay behind the cursor. A start never finds a job whose message is forgotten.
    private static let memory = lookBack * 2
    /// Time for which messages are kept that no receiver takes.
    private static let patience = Duration.seconds(7 * 86_400)
    /// Time after which messages of other processes that share the ledger are looked for.
    private static let readingPeriod = Duration.seconds(600)
    private static let cursor = "cursor"

    private let webhook: Webhook
    private let signature: WebhookSignature?
    private let ledger: any LedgerStore & DocumentStore
    private let http: HTTPClient
    private let logger: Logger
    private let delays: [Duration]
    private let now: @Sendable () -> LedgerInstant
    private let ended = Mutex<Set<JobID>>([])
    private let schedule = Mutex(WebhookSchedule())
    private let wake = AsyncEvent()

    /// - Throws: `secret_missing`. It may block.
    package init(
        _ webhook: Webhook, ledger: any LedgerStore & DocumentStore, http: HTTPClient, logger: Logger,
        delays: [Duration] = usualDelays, now: @escaping @Sendable () -> LedgerInstant = { .now }
    ) throws(DaemonError) {
        self.webhook = webhook
        signature = try webhook.secret.map { place throws(DaemonError) in try WebhookSignature(try place.read()) }
        self.ledger = ledger
        self.http = http
        self.logger = logger
        self.delays = delays
        self.now = now
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
            var readAt: ContinuousClock.Instant?
            while !Task.isCancelled {
                do {
                    if readAt.map({ .now - $0 >= Self.readingPeriod }) ?? true {
                        try await readAll()
                        readAt = .now
                    }
                    if !isCaughtUp { try await catchUp() }
                    isCaughtUp = true
                    try await takeTurn()
                    _ = await wake.wait(for: schedule.withLock { $0.delay(after: now()) })
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
        try await readAll()
        try await catchUp()
        try await takeTurn()
    }

    /// Keeps the messages of jobs that have ended, sends what is due and forgets what no start finds.
    private func takeTurn() async throws {
        let cursor = try await noteEnded()
        try await sendDue()
        for id in schedule.withLock({ $0.sent(before: cursor - Self.memory) }) {
            try await ledger.remove(.messages, id)
            schedule.withLock { $0.forget(id) }
        }
    }

    // MARK: Messages

    /// Reads all messages of the ledger, those of other processes and earlier ones included.
    private func readAll() async throws {
        let messages = try await ledger.documents(.messages).compactMap { WebhookMessage(payload: $0.payload) }
        schedule.withLock { schedule in
            schedule = WebhookSchedule()
            for message in messages { schedule.note(message) }
        }
    }

    /// Finds jobs that ended when no process was there to tell.
    private func catchUp() async throws {
        let start = now()
        if let text = try await ledger.document(.messages, Self.cursor)?.payload, let cursor = Int(text) {
            let since = LedgerInstant(milliseconds: cursor) - Self.lookBack
            let filter = JobFilter(states: WebhookMessage.states, limit: .max)
            try await JobSelection.forEachPage(of: filter, in: ledger) { page in
                for job in page where job.since >= since { try await keep(job) }
            }
        }
        try await ledger.save("\(start.milliseconds)", as: .messages, Self.cursor)
    }

    /// Keeps the messages of jobs that have ended.
    /// - Returns: The time up to which that is so, which the ledger has as well.
    private func noteEnded() async throws -> LedgerInstant {
        let start = now()
        let ids = ended.withLock { $0 }
        if !ids.isEmpty {
            for job in try await ledger.list(JobFilter(ids: Array(ids), limit: ids.count)) { try await keep(job) }
        }
        try await ledger.save("\(start.milliseconds)", as: .messages, Self.cursor)
        ended.withLock { $0.subtract(ids) }
        return start
    }

    /// Keeps the message of a job, once.
    private func keep(_ job: Job) async throws {
        guard let message = WebhookMessage(job) else { return }
        guard try await ledger.document(.messages, message.id) == nil else { return }
        try await save(message, for: Self.patience)
    }

    /// Sends what is due.
    private func sendDue() async throws {
        for id in schedule.withLock({ $0.due(at: now()) }) {
            try Task.checkCancellation()
            // Another process may have sent it, or postponed it.
            let document = try await ledger.document(.messages, id)
            guard var message = document.flatMap({ WebhookMessage(payload: $0.payload) }) else {
                schedule.withLock { $0.forget(id) }
                continue
            }
            if !message.isSent, message.dueAt <= now().milliseconds {
                try await send(&message)
            } else {
                schedule.withLock { $0.note(message) }
            }
        }
    }

    private func send(_ message: inout WebhookMessage) async throws {
        let problem = try await problem(of: message)
        guard let problem else {
            message.markSent()
            return try await save(message, for: nil)
        }
        guard message.attempts < delays.count else {
            logger.error(
                "webhook message given up", metadata: ["id": "\(message.id)", "reason": "\(problem)"])
            message.markSent()
            return try await save(message, for: nil)
        }
        // Up to a fifth more, so that many messages do not come at once.
        let delay = delays[message.attempts] * Double.random(in: 1...1.2)
        message.dueAt = (now() + delay).milliseconds
        message.attempts += 1
        logger.warning(
            "webhook message not accepted",
            metadata: ["id": "\(message.id)", "attempt": "\(message.attempts)", "reason": "\(problem)"])
        try await save(message, for: Self.patience)
    }

    /// Keeps a message for a time, or until it is removed.
    private func save(_ message: WebhookMessage, for time: Duration?) async throws {
        try await ledger.save(
            try message.payload, as: .messages, message.id, expiresAt: time.map { LedgerInstant.now + $0 })
        schedule.withLock { $0.note(message) }
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
