// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// The request that would be sent, and its cost.
public struct GenerationPlan: Sendable {
    /// Submissions that it would take.
    public var submissions: Int
    /// The first request, a line a field, without keys and images.
    public var fields: [(name: String, value: String)]
    /// SHA-256 of the first request.
    public var digest: String
    /// The least and the greatest cost of all submissions, in `balance`'s unit, when the provider reports prices.
    public var cost: ClosedRange<Double>?
    /// The account's balance, when the provider reports it.
    public var balance: AccountBalance?
    /// True when the images of this work are there already, so that nothing would be submitted.
    public var isDone = false
    /// Submissions under way, which the work resumes.
    public var resumed = 0
    /// The ids of held submissions, which the work leaves alone.
    public var held: [String] = []
    /// Warnings for a person.
    public var warnings: [String]

    /// Shows a choice that the request leaves to the provider, or that travels in another place than its fields.
    fileprivate mutating func note(_ name: String, _ value: String?) {
        guard !fields.contains(where: { $0.name == name }) else { return }
        fields.append((name, value ?? "(the provider's choice)"))
    }

    /// Leaves what is not done: its submissions, and its share of the cost.
    package mutating func leave(_ remaining: RemainingWork, of count: Int) {
        (submissions, resumed, held, isDone) = (
            remaining.submissions, remaining.resumed, remaining.held, remaining.isDone
        )
        let share = Double(remaining.images) / Double(max(count, 1))
        cost = remaining.images == 0 ? 0...0 : cost.map { $0.lowerBound * share...$0.upperBound * share }
    }

    /// True when the balance is below the least cost.
    public var exceedsBalance: Bool {
        guard let cost, let balance else { return false }
        return balance.amount < cost.lowerBound
    }
}

extension GenerationClient {
    /// Does everything short of sending: checks, fits the images, asks for prices and for the balance. Costs nothing.
    /// - Parameters:
    ///   - request: What would be made.
    ///   - asksProvider: Whether to ask for prices and for the balance.
    /// - Throws: `GenerationError`, when the request could not be sent; `CancellationError`.
    public func plan(_ request: GenerationRequest, asksProvider: Bool = true) async throws -> GenerationPlan {
        try context.dialect.validate(request)
        let most = max(1, context.traits.maximumCount)
        var piece = request
        piece.count = min(most, request.count)
        var job = PreparedJob(
            request: piece, model: request.model ?? context.traits.defaultModel,
            seed: request.seed ?? (context.traits.needsSeed ? 0 : nil), images: [], mask: nil, key: "rehearsal")
        var preparation = Preparation(context, piece, deadline: context.options.timeout.map { .now + $0 })
        try await preparation.prepare(&job, isDryRun: true) { _ in }
        let submission = try context.dialect.submission(of: job)
        var plan = GenerationPlan(
            submissions: (request.count + most - 1) / most, fields: submission.redacted, digest: submission.digest,
            warnings: [])
        if request.seed == nil, context.traits.needsSeed {
            plan.fields = plan.fields.map { $0.name == "seed" ? ($0.name, "(random, when it is sent)") : $0 }
        }
        plan.note("model", job.model)
        if !plan.fields.contains(where: { $0.name == "width" }) { plan.note("size", request.size?.description) }
        plan.note("seed", request.seed.map(String.init))
        if case .key(let key) = context.credentials, let warning = context.dialect.keyWarning(key) {
            plan.warnings.append(warning)
        }
        guard asksProvider else { return plan }
        await ask(&plan, model: job.model, count: request.count)
        return plan
    }

    private func ask(_ plan: inout GenerationPlan, model: String?, count: Int) async {
        // Side by side, because each has all of the time.
        async let listed = models()
        async let account = balance()
        do {
            let models = try await listed
            if let model, !models.isEmpty {
                if let found = models.first(where: { $0.name == model }) {
                    plan.cost = found.cost.map { $0.lowerBound * Double(count)...$0.upperBound * Double(count) }
                } else {
                    plan.warnings.append("the provider does not list the model \(model)")
                }
            }
        } catch {
            plan.warnings.append("prices are not known: \(Self.told(error))")
        }
        do {
            plan.balance = try await account
        } catch {
            plan.warnings.append("the balance is not known: \(Self.told(error))")
        }
        if plan.exceedsBalance { plan.warnings.append("the account has not enough left") }
    }

    private static func told(_ error: any Error) -> String { (error as? GenerationError)?.message ?? "\(error)" }
}
