// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Keys, balances and allowances of the simulated Pollinations, shared by its hosts.
final class PollinationsBank: Sendable {
    struct Holder {
        var key: String
        var account: PollinationsAccount
        var isSecret: Bool { key.hasPrefix("sk_") }
    }

    private struct State {
        var accounts: [PollinationsAccount]
        var running: [String: Int] = [:]
        /// Pollen spent by each publishable key in the hour that began at `since`.
        var spent: [String: (since: Int, amount: Double)] = [:]
        var lastFree: [String: Int] = [:]
    }

    private let state: Mutex<State>
    private let settings: PollinationsSettings

    init(_ settings: PollinationsSettings) {
        self.settings = settings
        state = Mutex(State(accounts: settings.accounts))
    }

    /// The account of the request, by header or `?key=`.
    func holder(_ request: Request) throws(PollinationsError) -> Holder {
        guard let key = request.bearer ?? request.value("key") else {
            throw PollinationsError(401, "Missing API key")
        }
        guard let account = state.withLock({ $0.accounts.first { $0.keys.contains(key) } }) else {
            throw PollinationsError(401, "Invalid API key")
        }
        return Holder(key: key, account: account)
    }

    func balance(_ account: String) -> Double {
        state.withLock { $0.accounts.first { $0.name == account }?.balance ?? 0 }
    }

    func setBalance(_ balance: Double, account: String) {
        update(account) { $0.balance = balance }
    }

    func revoke(_ key: String) {
        state.withLock { state in
            for index in state.accounts.indices { state.accounts[index].keys.removeAll { $0 == key } }
        }
    }

    /// Takes the price of one image, or says why not.
    ///
    /// - Returns: What was taken: nothing from accounts without paid balance, which run one at a time instead.
    func begin(_ holder: Holder, model: PollinationsModel, now: Int) throws(PollinationsError) -> Double {
        let price = settings.price
        let allowance = settings.publishableAllowance
        return try state.withLock { state throws(PollinationsError) in
            let name = holder.account.name
            guard let index = state.accounts.firstIndex(where: { $0.name == name }) else {
                throw PollinationsError(401, "Invalid API key")
            }
            if let spacing = model.spacing, let last = state.lastFree[model.name], now < last + spacing {
                throw .spacing(retryAfter: last + spacing - now)
            }
            let isPaying = state.accounts[index].balance > 0
            if !isPaying, state.running[name, default: 0] > 0 { throw .concurrency }
            if isPaying, state.accounts[index].balance < price {
                throw PollinationsError(402, "Insufficient balance: \(price) pollen needed")
            }
            if !holder.isSecret {
                var spent = state.spent[holder.key] ?? (now, 0)
                if now >= spent.since + 3600 { spent = (now, 0) }
                guard spent.amount + price <= allowance else { throw .allowance(retryAfter: spent.since + 3600 - now) }
                spent.amount += price
                state.spent[holder.key] = spent
            }
            if isPaying { state.accounts[index].balance -= price }
            if model.spacing != nil { state.lastFree[model.name] = now }
            state.running[name, default: 0] += 1
            return isPaying ? price : 0
        }
    }

    /// Gives back what ``begin(_:model:now:)`` took for an image that was not made.
    func refund(_ amount: Double, _ holder: Holder) {
        state.withLock { state in
            for index in state.accounts.indices where state.accounts[index].name == holder.account.name {
                state.accounts[index].balance += amount
            }
            if amount > 0 { state.spent[holder.key]?.amount -= amount }
        }
    }

    func end(_ holder: Holder) {
        state.withLock { $0.running[holder.account.name, default: 1] -= 1 }
    }

    private func update(_ account: String, _ change: (inout PollinationsAccount) -> Void) {
        state.withLock { state in
            guard let index = state.accounts.firstIndex(where: { $0.name == account }) else { return }
            change(&state.accounts[index])
        }
    }
}

/// A model of the simulated Pollinations.
struct PollinationsModel {
    let name: String
    /// Seconds between two requests of one address, for free models.
    var spacing: Int?
    var takesImage = false

    static let all = [
        PollinationsModel(name: "flux"), PollinationsModel(name: "zimage"),
        PollinationsModel(name: "sana", spacing: 45),
        PollinationsModel(name: "kontext", takesImage: true), PollinationsModel(name: "gptimage", takesImage: true),
        PollinationsModel(name: "seedream", takesImage: true), PollinationsModel(name: "nanobanana", takesImage: true),
    ]

    static func named(_ name: String) throws(PollinationsError) -> PollinationsModel {
        guard let model = all.first(where: { $0.name == name }) else {
            throw PollinationsError(
                404, "Model '\(name)' not found; available: \(all.map(\.name).joined(separator: ", "))")
        }
        return model
    }
}
