// SPDX-License-Identifier: Apache-2.0
public import SnugGeneration

/// Plans generations without sending or paying for any.
public struct GenerationDryRun: Sendable {
    private let client: GenerationClient
    private let provider: Provider
    private let isBatch: Bool
    private let makesAgain: Bool

    /// - Parameters:
    ///   - client: The client that would generate.
    ///   - provider: Its provider.
    ///   - isBatch: Asks the provider for prices and balance once for all, not for each prompt.
    ///   - makesAgain: As for ``GenerationRun``.
    public init(client: GenerationClient, provider: Provider, isBatch: Bool, makesAgain: Bool = false) {
        self.makesAgain = makesAgain
        self.client = client
        self.provider = provider
        self.isBatch = isBatch
    }

    /// Plans everything.
    /// - Parameters:
    ///   - works: The prompts.
    ///   - onPlan: Called with each plan, or with the reason why there is none.
    /// - Throws: `CancellationError`.
    public func run(
        _ works: [GenerationWork], onPlan: (GenerationWork, Result<GenerationPlan, GenerationError>) -> Void
    ) async throws -> GenerationEstimate {
        let prices = isBatch ? await Prices(client) : nil
        var estimate = GenerationEstimate(cost: 0...0, balance: prices?.balance)
        estimate.warnings = prices?.warnings ?? []
        for work in works {
            do {
                var plan = try await client.plan(work.request, asksProvider: !isBatch)
                if let prices {
                    plan.cost = prices.cost(of: work.request, provider)
                    plan.balance = prices.balance
                }
                let remaining = try await client.remaining(
                    of: work.request, name: work.name, makesAgain: makesAgain)
                plan.leave(remaining, of: work.request.count)
                estimate.add(plan)
                onPlan(work, .success(plan))
            } catch let error as GenerationError {
                estimate.failed += 1
                onPlan(work, .failure(error))
            }
        }
        return estimate
    }
}

/// The cost of planned generations against the balance of the account.
public struct GenerationEstimate: Sendable {
    /// `nil` when one of the costs is unknown.
    public private(set) var cost: ClosedRange<Double>?
    /// `nil` where the provider does not tell.
    public private(set) var balance: AccountBalance?
    /// Submissions of all prompts.
    public private(set) var submissions = 0
    /// Requests that cannot be sent.
    public fileprivate(set) var failed = 0
    /// Submissions under way, which are resumed.
    public private(set) var resumed = 0
    /// Submissions that are held, and wait for a person.
    public private(set) var held = 0
    /// Oddities, for a person.
    public fileprivate(set) var warnings: [String] = []

    package init(cost: ClosedRange<Double>?, balance: AccountBalance?) {
        self.cost = cost
        self.balance = balance
    }

    fileprivate mutating func add(_ plan: GenerationPlan) {
        submissions += plan.submissions
        resumed += plan.resumed
        held += plan.held.count
        balance = balance ?? plan.balance
        guard let sum = cost, let more = plan.cost else {
            cost = nil
            return
        }
        cost = sum.lowerBound + more.lowerBound...sum.upperBound + more.upperBound
    }

    /// True when the balance is known not to be enough.
    public var exceedsBalance: Bool {
        guard let cost, let balance else { return false }
        return balance.amount < cost.lowerBound
    }

    /// True when everything can be sent and, as far as is known, paid.
    public var isPossible: Bool { failed == 0 && held == 0 && !exceedsBalance }
}

/// Prices and balance, asked once for a whole batch.
private struct Prices {
    private var models: [ModelDescription] = []
    private(set) var balance: AccountBalance?
    private(set) var warnings: [String] = []

    init(_ client: GenerationClient) async {
        do { models = try await client.models() } catch {
            warnings.append("prices are unknown: \(Self.words(error))")
        }
        do { balance = try await client.balance() } catch {
            warnings.append("the balance is unknown: \(Self.words(error))")
        }
    }

    func cost(of request: GenerationRequest, _ provider: Provider) -> ClosedRange<Double>? {
        guard let name = request.model ?? provider.defaultModel,
            let cost = models.first(where: { $0.name == name })?.cost
        else { return nil }
        return cost.lowerBound * Double(request.count)...cost.upperBound * Double(request.count)
    }

    private static func words(_ error: any Error) -> String { (error as? GenerationError)?.message ?? "\(error)" }
}
