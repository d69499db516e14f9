// SPDX-License-Identifier: Apache-2.0
public import SnugGeneration

/// Keeps observed input limits in a ledger, for all processes that share it.
///
/// An observation holds for this process even when it cannot be kept.
public final class LedgerInputLimits: InputLimitStore {
    private let own = InMemoryInputLimits()
    private let ledger: any SharedLedger

    /// Keeps observations in a ledger, which stays open for as long as they are used.
    public init(_ ledger: any SharedLedger) { self.ledger = ledger }

    /// The observation for a model: this process's own, or that of another.
    /// - Throws: `output_failed`.
    public func limits(of model: ModelLocation) async throws -> ObservedInputLimits? {
        let kept = try await ledger.failingAsOutput("read observed limits") { ledger in
            Self.decode(try await ledger.document(.inputLimits, Self.key(model))?.payload)
        }
        guard let own = own.limits(of: model) else { return kept }
        guard let kept else { return own }
        return own.observedAt > kept.observedAt ? kept.merged(with: own) : own.merged(with: kept)
    }

    /// Merges an observation into what is known.
    /// - Throws: `output_failed`.
    public func record(_ limits: ObservedInputLimits, of model: ModelLocation) async throws {
        own.record(limits, of: model)
        try await ledger.failingAsOutput("keep observed limits") { ledger in
            try await ledger.update(.inputLimits, Self.key(model), expiresAt: nil) { payload in
                payload = try StoredValue.encode(Self.decode(payload)?.merged(with: limits) ?? limits)
            }
        }
    }

    static func key(_ model: ModelLocation) -> String { "\(model.origin) \(model.model ?? "")" }

    /// Limits that cannot be read are observed again.
    private static func decode(_ payload: String?) -> ObservedInputLimits? {
        payload.flatMap { try? StoredValue.decode(ObservedInputLimits.self, from: $0) }
    }
}
