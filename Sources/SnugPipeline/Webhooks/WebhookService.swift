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
/// Messages are in the ledger until their receiver has them. Jobs of all processes that share the ledger are told, whichever
/// of them did the work; what ended just before a process did is found by the others, or at the next start. A receiver tells
/// a message that comes twice by its `webhook-id`.
package final class WebhookService: Service {
    /// The waits after failed attempts; a message that failed once more is given up.
    package static let usualDelays: [Duration] = [
        .seconds(5), .seconds(300), .seconds(1800), .seconds(7200), .seconds(18_000), .seconds(36_000),
        .seconds(50_400), .seconds(72_000), .seconds(86_400),
    ]
    /// Time before the position that a start looks back over: earlier versions noted it by clocks of hosts, which differ.
    private static let lookBack = Duration.seconds(1800)
    /// Time that later looks go back, for jobs whose ends were on their way to the ledger during the one before.
    private static let overlap = Duration.seconds(120)
    /// Time that messages which were sent stay behind the position. No look finds a job whose message is forgotten.
    private static let memory = lookBack * 2
    /// Time after which messages of other processes that share the ledger are looked for.
    private static let readingPeriod = Duration.seconds(600)
    /// Time after which jobs are looked for that ended in other processes.
    private let lookingPeriod: Duration

    private let webhook: Webhook
    private let signature: WebhookSignature?
    private let ledger: any LedgerStore & DocumentStore
    private let http: HTTPClient
    private let logger: Logger
    private let delays: [Duration]
    private let now: @Sendable () -> LedgerInstant
    private let box: WebhookBox
    private let ended = Mutex<Set<JobID>>([])
    private let schedule = Mutex(WebhookSchedule())
    /// How much later the ledger's clock is than this host's.
    private let skew = Mutex(Duration.zero)
    private let wake = AsyncEvent()

    /// - Throws: `secret_missing`. It may block.
    package init(
        _ webhook: Webhook, ledger: any LedgerStore & DocumentStore, http: HTTPClient, logger: Logger,
        delays: [Duration] = usualDelays, lookingPeriod: Duration = .seconds(60),
        now: @escaping @Sendable () -> LedgerInstant = { .now }
    ) throws(DaemonError) {
        self.webhook = webhook
        signature = try webhook.secret.map { place throws(DaemonError) in try WebhookSignature(try place.read()) }
        self.ledger = ledger
        box = WebhookBox(webhook.url, in: ledger)
        self.http = http
        self.logger = logger
        self.delays = delays
        self.lookingPeriod = lookingPeriod
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
            var readAt: ContinuousClock.Instant?
            var lookedAt: ContinuousClock.Instant?
            while !Task.isCancelled {
                do {
                    if readAt.map({ .now - $0 >= Self.readingPeriod }) ?? true {
                        try await readAll()
                        readAt = .now
                    }
                    if lookedAt.map({ .now - $0 >= lookingPeriod }) ?? true {
                        try await look(back: lookedAt == nil ? Self.lookBack : Self.overlap)
                        lookedAt = .now
                    }
                    try await takeTurn()
                    _ = await wake.wait(
                        for: min(lookingPeriod, schedule.withLock { $0.delay(after: moment) }))
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
        try await look(back: Self.lookBack)
        try await takeTurn()
    }

    /// Keeps the messages of jobs that have ended here, and sends what is due.
    private func takeTurn() async throws {
        let ids = ended.withLock { $0 }
        if !ids.isEmpty {
            for job in try await ledger.list(JobFilter(ids: Array(ids), limit: ids.count)) { try await keep(job) }
            ended.withLock { $0.subtract(ids) }
        }
        try await sendDue()
    }

    // MARK: Messages

    /// Now, by the ledger's clock, which all its processes share.
    private var moment: LedgerInstant { now() + skew.withLock { $0 } }

    /// Reads all messages of the address, those of other processes and earlier ones included.
    private func readAll() async throws {
        let messages = try await box.messages(at: moment)
        schedule.withLock { schedule in
            schedule = WebhookSchedule()
            for message in messages { schedule.note(message) }
        }
    }

    /// Keeps the messages of all jobs that have ended, in whatever process, and forgets those that no look finds.
    private func look(back time: Duration) async throws {
        // Also the clock: without folders nothing is looked for.
        let ledgerNow = try await ledger.endedJobs(since: nil, waitingIn: []).next
        skew.withLock { $0 = .milliseconds(ledgerNow.milliseconds - LedgerInstant.now.milliseconds) }
        let start = moment
        var position = try await box.position()
        if position == nil {
            position = try await box.adopt()
            try await readAll()
        }
        if let position {
            let filter = JobFilter(states: WebhookMessage.states, changedSince: position - time, limit: .max)
            try await JobSelection.forEachPage(of: filter, in: ledger) { page in
                for job in page { try await keep(job) }
            }
        }
        try await box.setPosition(start)
        for id in schedule.withLock({ $0.sent(before: start - Self.memory) }) {
            try await box.remove(id)
            schedule.withLock { $0.forget(id) }
        }
    }

    /// Keeps the message of a job, once.
    private func keep(_ job: Job) async throws {
        guard let message = WebhookMessage(job), !schedule.withLock({ $0.knows(message.id) }) else { return }
        let known = try await box.add(message)
        schedule.withLock { $0.note(known) }
    }

    /// Sends what is due.
    private func sendDue() async throws {
        for id in schedule.withLock({ $0.due(at: moment) }) {
            try Task.checkCancellation()
            // Another process may have sent it, or postponed it.
            guard let known = try await box.message(id) else {
                schedule.withLock { $0.forget(id) }
                continue
            }
            if known.isDue(at: moment), var message = try await box.take(id, at: moment) {
                try await send(&message)
            } else if let message = try await box.message(id) {
                schedule.withLock { $0.note(message) }
            }
        }
    }

    private func send(_ message: inout WebhookMessage) async throws {
        let problem: String?
        do { problem = try await self.problem(of: message) } catch {
            // The next process need not wait until it is free.
            try await save(message, for: WebhookBox.patience)
            throw error
        }
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
        message.dueAt = (moment + delay).milliseconds
        message.attempts += 1
        logger.warning(
            "webhook message not accepted",
            metadata: ["id": "\(message.id)", "attempt": "\(message.attempts)", "reason": "\(problem)"])
        try await save(message, for: WebhookBox.patience)
    }

    private func save(_ message: WebhookMessage, for time: Duration?) async throws {
        try await box.save(message, for: time)
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
