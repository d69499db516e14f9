// SPDX-License-Identifier: Apache-2.0
package import SnugGeneration
package import SnugLedger
import SnugSystem

/// An account that its provider limits: jobs wait for it in the ledger, and clients remember the refusal.
package struct ParkedAccount {
    /// The name of the account in the configuration.
    package let name: String
    private let ledger: any LedgerStore

    /// Names an account of a ledger.
    package init(_ name: String, in ledger: any LedgerStore) {
        self.name = name
        self.ledger = ledger
    }

    /// The member of a hold's details that says by which name clients remember the account.
    private static let clientKey = "client_account"

    /// Holds its jobs up until a moment.
    /// - Parameter client: ``GenerationClient/account`` of the client that was refused; `nil` when it is not known.
    func park(until: LedgerInstant, reason: JobReason, client: String?) async throws {
        var reason = reason
        if let client {
            var details = reason.details.flatMap { JSONValue(parsing: Array($0.utf8)) } ?? [:]
            details.append(Self.clientKey, .text(client))
            reason.details = details.description
        }
        try await ledger.park(account: name, until: until, reason: reason)
    }

    /// Lets its jobs go, and makes clients forget the refusal: the next request finds out whether it still holds.
    package func letGo(_ stores: GenerationStores) async throws {
        let clients = try await ledger.holds().filter { $0.kind == .park && $0.scope == .account(name) }.compactMap {
            $0.reason.details.flatMap { JSONValue(parsing: Array($0.utf8)) }?[Self.clientKey]?.text
        }
        // Jobs that start at once must find no refusal.
        for client in clients { try await stores.resumeAccount(client) }
        try await ledger.unpark(account: name)
    }
}

extension Daemon {
    /// Lets an account go that its provider limits, such as one that was topped up.
    package func resume(account: String) async throws {
        try await ParkedAccount(account, in: services.ledger).letGo(services.generationStores)
    }
}
