// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// One generation that a provider made, and what it cost.
public struct LedgerEntry: Sendable, Hashable, Codable {
    /// The provider's identifier of it.
    public var generation: String
    /// The account that made it.
    public var service: ServiceName
    /// The account it was charged to.
    public var account: String
    /// The model that made it.
    public var model: String
    /// The prompt it was made from.
    public var prompt: String
    /// The `Idempotency-Key` of the request, whether the provider honours it or not.
    public var idempotencyKey: String?
    /// SHA-256 of method, path, query and body: equal for requests that a provider could take for the same.
    public var requestDigest: String
    /// The seed that was sent.
    public var seed: Int?
    /// ``RecordedRequest/number`` of the request that started it.
    public var request: Int
    /// When it began, ISO 8601 on the simulator's clock.
    public var createdAt: String
    /// The cost, in the provider's unit.
    public var cost: Double
    /// True when the cost was given back because the generation failed.
    public var isRefunded: Bool
    /// Further requests that were answered with this generation without being charged.
    public var joins: Int
}

/// Every generation and what was charged for it.
public struct Ledger: Sendable, Hashable, Codable {
    /// All generations, oldest first.
    public var entries: [LedgerEntry]

    /// The entries that cost something and were not refunded: what a customer pays for.
    public var charges: [LedgerEntry] { entries.filter { $0.cost > 0 && !$0.isRefunded } }

    /// The sum of the charges.
    public var total: Double { charges.reduce(0) { $0 + $1.cost } }

    /// Charges for requests that carried an idempotency key.
    public func charges(idempotencyKey: String) -> [LedgerEntry] {
        charges.filter { $0.idempotencyKey == idempotencyKey }
    }

    /// Charges for one prompt, however often and in whatever form it was sent.
    public func charges(prompt: String) -> [LedgerEntry] {
        charges.filter { $0.prompt == prompt }
    }

    /// Charges beyond the first for the same request of the same account: money spent twice.
    public var duplicates: [LedgerEntry] {
        var seen: Set<[String]> = []
        return charges.filter { !seen.insert([$0.service.rawValue, $0.account, $0.requestDigest]).inserted }
    }
}

/// Keeps the ledger.
final class BillingLedger: Sendable {
    private let entries = Mutex<[LedgerEntry]>([])

    func snapshot(_ service: ServiceName? = nil) -> Ledger {
        Ledger(entries: entries.withLock { $0.filter { $0.service == service ?? $0.service } })
    }

    func record(_ entry: LedgerEntry) {
        entries.withLock { $0.append(entry) }
    }

    /// Gives the cost of a generation back.
    ///
    /// - Returns: The cost; 0 when it was given back before.
    @discardableResult func refund(_ generation: String) -> Double {
        var cost = 0.0
        update(generation) { entry in
            if !entry.isRefunded { cost = entry.cost }
            entry.isRefunded = true
        }
        return cost
    }

    func join(_ generation: String) {
        update(generation) { $0.joins += 1 }
    }

    func clear() {
        entries.withLock { $0 = [] }
    }

    private func update(_ generation: String, _ change: (inout LedgerEntry) -> Void) {
        entries.withLock { entries in
            guard let index = entries.firstIndex(where: { $0.generation == generation }) else { return }
            change(&entries[index])
        }
    }
}
