// SPDX-License-Identifier: Apache-2.0

/// The state of the simulated Elumenta.
struct ElumentaState {
    struct Account {
        var settings: ElumentaAccount
        var balance: Int
        var hour: RateWindow?
        var day: RateWindow?
    }

    struct Token {
        var account: String
        var expiry: Int
    }

    struct Job {
        var number: Int
        var identifier: JSON
        var account: String
        var model: ElumentaModel
        var prompt: String
        var width: Int
        var height: Int
        var plan: JobPlan
        var pollsLeft: Int
        var cost: Int
        var result: String
        var createdAt: String
        var isFavourite = false
        var rating: Int?
        var isDeleted = false

        var isSettled: Bool { plan.outcome != .neverEnds && pollsLeft <= 0 }

        /// The word for the job's state as the API shows it now.
        var status: String {
            switch plan.outcome {
            case .unknownWord(let word) where !isSettled: word
            case _ where !isSettled: "pending"
            case .failed: "failed"
            default: "completed"
            }
        }

        var failure: String? {
            if isSettled, case .failed(let text) = plan.outcome { text } else { nil }
        }
    }

    var accounts: [String: Account]
    var accessTokens: [String: Token] = [:]
    var refreshTokens: [String: Token] = [:]
    var tokensMade = 0
    var jobs: [Job] = []
    var nextJob = 18_491

    init(_ settings: ElumentaSettings) {
        accounts = Dictionary(
            settings.accounts.map { account in
                let windows = account.plan.windows
                return (
                    account.name,
                    Account(
                        settings: account, balance: account.balance,
                        hour: windows.map { RateWindow(limit: $0.hour, length: settings.hour) },
                        day: windows.map { RateWindow(limit: $0.day, length: settings.day) })
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The account behind a credential.
    func authenticate(_ request: Request, now: Int) throws(ElumentaError) -> String {
        guard let token = request.bearer else { throw .notAuthenticated }
        if let session = accessTokens[token] {
            guard now < session.expiry else { throw .tokenExpired }
            return session.account
        }
        guard let account = accounts.values.first(where: { $0.settings.keys.contains(token) }) else {
            throw .notAuthenticated
        }
        guard account.settings.plan.mayUseKeys else { throw .insufficientPlan }
        return account.settings.name
    }

    /// Counts a request against both windows, or says how long to wait.
    mutating func admit(_ name: String, now: Int) throws(ElumentaError) {
        guard var hour = accounts[name]?.hour, var day = accounts[name]?.day else { return }
        hour.roll(to: now)
        day.roll(to: now)
        guard hour.remaining > 0, day.remaining > 0 else {
            let until = max(hour.remaining > 0 ? now : hour.reset, day.remaining > 0 ? now : day.reset)
            throw .rateLimited(
                retryAfter: until - now, hour: hour.limit, day: day.limit,
                plan: accounts[name]?.settings.plan.rawValue ?? "")
        }
        hour.count()
        day.count()
        accounts[name]?.hour = hour
        accounts[name]?.day = day
    }

    /// The headers that every response to an account with limits has.
    mutating func rateHeaders(_ name: String, now: Int) -> Headers {
        accounts[name]?.hour?.roll(to: now)
        accounts[name]?.day?.roll(to: now)
        guard let hour = accounts[name]?.hour, let day = accounts[name]?.day else { return [:] }
        return [
            "X-RateLimit-Limit-Hour": String(hour.limit), "X-RateLimit-Remaining-Hour": String(hour.remaining),
            "X-RateLimit-Limit-Day": String(day.limit), "X-RateLimit-Remaining-Day": String(day.remaining),
            "X-RateLimit-Reset-Hour": String(hour.reset),
        ]
    }

    mutating func newTokens(for account: String, now: Int, settings: ElumentaSettings) -> (
        access: String, refresh: String
    ) {
        tokensMade += 1
        let access = "access-\(account)-\(tokensMade)"
        let refresh = "refresh-\(account)-\(tokensMade)"
        accessTokens[access] = Token(account: account, expiry: now + settings.accessTokenLifetime)
        refreshTokens[refresh] = Token(account: account, expiry: now + settings.refreshTokenLifetime)
        return (access, refresh)
    }
}
