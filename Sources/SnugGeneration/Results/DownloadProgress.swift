// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP

/// The progress of a download, and the decision to continue. Knows no clock and no socket.
struct DownloadProgress {
    /// Bytes that are here.
    private(set) var offset = 0
    /// The ETag that ties the rest to the same file.
    private(set) var validator: String?
    /// True when the bytes come from more than one response.
    private(set) var wasResumed = false
    private let policy: RetryPolicy
    /// In a row without a byte that was not here before.
    private var failures = 0
    /// The most bytes that ever were here.
    private var furthest = 0
    private var attempts = 0
    /// However steadily a byte or two come each time, there is an end.
    private static let mostAttempts = 50

    init(policy: RetryPolicy) { self.policy = policy }

    /// A response came that was not the file.
    mutating func failed(_ status: Int) {
        attempts += 1
        failures += 1
        // RFC 9110 §15.5.17: there is nothing at that place, so what is here is of another file.
        if status == 416 { restart() }
    }

    /// The exchange ended before the file did.
    mutating func broke(_ error: HTTPError) {
        attempts += 1
        failures += 1
        guard let response = error.response, response.isSuccess, error.code != .malformedResponse else {
            // Another range than the one asked for.
            if error.code == .malformedResponse { restart() }
            return
        }
        // The bytes here are decompressed, and a range would count compressed ones.
        if let coding = response.headerFields[.contentEncoding], coding.lowercased() != "identity" { return restart() }
        let received = error.attempts.last?.bytesReceived ?? 0
        if response.status == 206 {
            offset += received
        } else {
            offset = received
            wasResumed = false
            // A weak validator says nothing about bytes. RFC 9110 §13.1.5
            validator = response.headerFields[.eTag].flatMap { $0.hasPrefix("\"") ? $0 : nil }
        }
        if offset > 0 { wasResumed = true }
        // A response that starts over and breaks where the last one did is no progress.
        if offset > furthest { (failures, furthest) = (0, offset) }
    }

    /// The wait before the next attempt; `nil` when there is none.
    func wait(hint: Duration?, random: Double) -> Duration? {
        // One attempt means one, whatever it brought.
        guard failures < policy.maximumAttempts, attempts < Self.mostAttempts, policy.maximumAttempts > 1 else {
            return nil
        }
        if let hint { return hint <= policy.longestHint ? hint : nil }
        return failures == 0 ? .zero : policy.delay(afterFailures: failures, random: random)
    }

    private mutating func restart() {
        offset = 0
        validator = nil
        wasResumed = false
    }
}
