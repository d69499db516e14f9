// SPDX-License-Identifier: Apache-2.0

/// An effect that is about to be attempted outside the ledger.
///
/// It is on the disk before the first byte leaves, so that a crash at any moment finds it.
public struct StepIntent: Sendable, Hashable {
    /// Treatment of an effect whose outcome nobody recorded.
    public enum Repetition: String, Sendable, Hashable, Codable {
        /// Repeating is harmless: the step starts over.
        case safe
        /// The provider can be asked: the job's next step is ``JobStep/reconcile``.
        case reconcile
        /// Nobody can be asked: the job is held for a person.
        case never
    }

    /// Treatment after a crash.
    public var repetition: Repetition
    /// Digest of what is sent; every repeat sends the same bytes.
    public var bodyDigest: String?
    /// When the attempt ends at the latest.
    public var deadline: LedgerInstant?
    /// Until when the provider honours the idempotency key; the job is not pruned before.
    public var keyExpiresAt: LedgerInstant?
    /// Anything that reconciling needs, as JSON.
    public var payload: String

    /// Describes an effect.
    public init(
        _ repetition: Repetition, bodyDigest: String? = nil, deadline: LedgerInstant? = nil,
        keyExpiresAt: LedgerInstant? = nil, payload: String = "{}"
    ) {
        self.repetition = repetition
        self.bodyDigest = bodyDigest
        self.deadline = deadline
        self.keyExpiresAt = keyExpiresAt
        self.payload = payload
    }
}

/// The record of an effect.
public struct StepRecord: Sendable, Hashable, Codable {
    /// How the effect ended, as far as is known.
    public enum State: String, Sendable, Hashable, Codable, CaseIterable {
        /// About to happen, or happening.
        case intended
        /// It took effect.
        case done
        /// It surely did not take effect.
        case failed
        /// Nobody knows.
        case unknown
    }

    /// Sorts by time.
    public var id: String
    /// The step it belongs to.
    public var step: JobStep
    /// The claim under which it was recorded.
    public var fence: Int
    /// How it ended.
    public var state: State
    /// Treatment after a crash.
    public var repetition: StepIntent.Repetition
    /// The idempotency key that was sent.
    public var key: String
    /// Digest of what was sent.
    public var bodyDigest: String?
    /// When the attempt ends at the latest.
    public var deadline: LedgerInstant?
    /// Until when the provider honours the key.
    public var keyExpiresAt: LedgerInstant?
    /// Anything that reconciling needs, as JSON.
    public var payload: String
    /// When it was recorded.
    public var begunAt: LedgerInstant
    /// When its end was recorded.
    public var endedAt: LedgerInstant?
}
