// SPDX-License-Identifier: Apache-2.0

/// Decides the next step of an upload whose server keeps an offset, without a clock, a socket or a protocol.
///
/// The server's offset counts, and a local count is a guess. After anything but a success the machine asks for the
/// offset before it sends data again.
struct OffsetMachine {
    /// The result of a request.
    enum Step: Equatable {
        case created(offset: Int)
        /// The server's offset.
        case offset(Int)
        /// The server has the whole file.
        case complete
        /// The server does not know the upload.
        case gone
        /// The server is at another offset.
        case outOfStep
        /// Too many bytes for one request.
        case tooLarge
        /// Another request holds the upload.
        case locked
        /// The server asks for fewer requests.
        case busy
        /// A transient failure, or one whose effect is unknown.
        case transient(lineFailed: Bool)
        case badChecksum
        case refused
    }

    enum Failure: Equatable { case refused, tooLarge, gone, checksum, retries, waitTooLong, misbehaved }

    enum Action: Equatable {
        case create
        case ask
        case send(Range<Int>)
        /// Wait, then ``OffsetMachine/resume()``.
        case wait(Duration)
        case finish
        /// Everything was sent and the server does not know the upload any more.
        case unconfirmed
        case fail(Failure)
    }

    let length: Int
    var chunks: ChunkSizer
    private(set) var acknowledged = 0
    private(set) var restarts = 0
    private(set) var retries = 0
    /// The last byte may have reached the server.
    private(set) var sentEverything: Bool
    /// The server has said since the last byte left that it does not have all of them.
    private(set) var lacksBytes: Bool
    /// No byte from here on has left, so a server that reports more reports what it cannot have.
    private var sentUpTo: Int
    private let policy: RetryRules
    /// True when an offset at the end means that the upload is complete; false when an empty last request has to say
    /// so.
    private let endsByOffset: Bool
    private var hasUpload: Bool
    private var current = Action.create
    private var failures = 0
    private var checksumFailures = 0
    private var lockWaits = 0
    private var hasPendingRefusal = false
    private var previous: Action?
    /// The pause between asking and sending, after a server accepted the question and refused the data that followed at
    /// once. A server that counts requests would otherwise let every question pass and never any data.
    private var pace: Duration?
    private var pausedAt: Int?

    init(
        length: Int, chunks: ChunkSizer, policy: RetryRules, endsByOffset: Bool = true, resumes: Bool,
        sentEverything: Bool = false, lacksBytes: Bool = false
    ) {
        self.length = length
        self.chunks = chunks
        self.policy = policy
        self.endsByOffset = endsByOffset
        hasUpload = resumes
        self.sentEverything = sentEverything
        self.lacksBytes = lacksBytes
        // An earlier process has recorded the last byte before it left, and no other.
        sentUpTo = resumes ? (sentEverything ? length : max(0, length - 1)) : 0
    }

    mutating func begin() -> Action { go(hasUpload ? .ask : .create) }

    /// After a wait.
    mutating func resume() -> Action {
        if let offset = pausedAt {
            pausedAt = nil
            return go(.send(chunks.chunk(at: offset, of: length)))
        }
        return go(hasUpload ? .ask : .create)
    }

    /// - Parameters:
    ///   - duration: The duration of the request.
    ///   - hint: The wait that the server asked for.
    ///   - bodyLeft: True when all of the request's body may have reached the server.
    ///   - bytesSent: Bytes of the request's body that left this machine; `nil` for all of them.
    ///   - random: 0…1, for the jitter.
    mutating func take(
        _ step: Step, after duration: Duration = .zero, hint: Duration? = nil, bodyLeft: Bool = true,
        bytesSent: Int? = nil, random: Double
    ) -> Action {
        if case .send(let range) = current { noteSent(range, bytesSent ?? range.count, bodyLeft: bodyLeft, step) }
        switch step {
        case .created(let offset):
            hasUpload = true
            sentEverything = false
            lacksBytes = false
            sentUpTo = bytesSent ?? 0
            guard (0...sentUpTo).contains(offset) else { return go(.fail(.misbehaved)) }
            acknowledged = offset
            return next(from: offset)
        case .offset(let offset): return arrived(at: offset, after: duration)
        case .complete: return go(sentUpTo >= length ? .finish : .fail(.misbehaved))
        case .gone: return startOver()
        case .outOfStep: return countFailure() ?? go(.ask)
        case .tooLarge: return shrink()
        case .locked:
            lockWaits += 1
            return wait(for: hint ?? .seconds(min(8, 1 << min(lockWaits - 1, 3))))
        case .busy:
            let delay = hint ?? policy.delay(failures + 1, random, throttled: true)
            if case .send = current, previous == .ask { pace = delay }
            return wait(for: delay)
        case .transient(let lineFailed):
            if lineFailed { chunks.lineFailed() }
            return wait(for: hint ?? policy.delay(failures + 1, random, throttled: false))
        case .badChecksum:
            checksumFailures += 1
            retries += 1
            return checksumFailures > 3 ? go(.fail(.checksum)) : go(.ask)
        case .refused:
            // Some servers keep data that they refuse: ask before giving up.
            guard case .send = current, !hasPendingRefusal else { return go(.fail(.refused)) }
            hasPendingRefusal = true
            return go(.ask)
        }
    }

    /// Notes how far the bytes of a request got, and a response that rejects them.
    private mutating func noteSent(_ range: Range<Int>, _ count: Int, bodyLeft: Bool, _ step: Step) {
        sentUpTo = max(sentUpTo, range.lowerBound + min(count, range.count))
        guard range.upperBound == length else { return }
        if bodyLeft {
            sentEverything = true
            lacksBytes = false
        }
        switch step {
        case .refused, .gone, .tooLarge, .badChecksum: lacksBytes = true
        default: break
        }
    }

    private mutating func arrived(at offset: Int, after duration: Duration) -> Action {
        guard (0...sentUpTo).contains(offset) else { return go(.fail(.misbehaved)) }
        if offset < length { lacksBytes = true }
        let hasProgress = offset > acknowledged
        if case .send(let range) = current {
            if offset == range.upperBound { chunks.succeeded(bytes: range.count, in: duration) }
            if !hasProgress, let failure = countFailure() { return failure }
        }
        if hasProgress {
            failures = 0
            checksumFailures = 0
            lockWaits = 0
            hasPendingRefusal = false
        }
        if hasPendingRefusal { return go(.fail(.refused)) }
        acknowledged = max(acknowledged, offset)
        return next(from: offset)
    }

    private mutating func next(from offset: Int) -> Action {
        guard offset < length || !endsByOffset else { return go(.finish) }
        if let pace, current == .ask, pace <= policy.longestWait {
            pausedAt = offset
            return .wait(pace)
        }
        return go(.send(chunks.chunk(at: offset, of: length)))
    }

    private mutating func startOver() -> Action {
        if sentEverything, !lacksBytes { return go(.unconfirmed) }
        if hasPendingRefusal { return go(.fail(.refused)) }
        guard hasUpload, restarts < 3 else { return go(.fail(.gone)) }
        restarts += 1
        hasUpload = false
        acknowledged = 0
        return go(.create)
    }

    private mutating func shrink() -> Action {
        guard case .send(let range) = current, chunks.refused(bytes: range.count) else { return go(.fail(.tooLarge)) }
        retries += 1
        return go(.ask)
    }

    private mutating func wait(for duration: Duration) -> Action {
        guard duration <= policy.longestWait else { return go(.fail(.waitTooLong)) }
        return countFailure() ?? .wait(duration)
    }

    private mutating func countFailure() -> Action? {
        failures += 1
        retries += 1
        return failures >= policy.attemptsWithoutProgress ? go(.fail(.retries)) : nil
    }

    private mutating func go(_ action: Action) -> Action {
        previous = current
        current = action
        return action
    }
}

/// The waits of the machines, and their end.
struct RetryRules: Sendable {
    var attemptsWithoutProgress: Int
    var longestWait: Duration
    var delay: @Sendable (_ failures: Int, _ random: Double, _ throttled: Bool) -> Duration

    func delay(_ failures: Int, _ random: Double, throttled: Bool) -> Duration { delay(failures, random, throttled) }
}
