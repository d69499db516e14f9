// SPDX-License-Identifier: Apache-2.0
import SnugGeneration

/// What `--dry-run` does: everything short of sending.
struct DryRun: Sendable {
    let access: GenerationAccess
    let json: Bool
    let isBatch: Bool
    private var output: OutputStream { .standardOutput }
    private var errors: OutputStream { .standardError }

    init(_ access: GenerationAccess, json: Bool, isBatch: Bool) {
        self.access = access
        self.json = json
        self.isBatch = isBatch
    }

    /// - Returns: Whether all of it could be sent and, as far as is known, paid.
    func run(_ works: [GenerationWork]) async throws -> Bool {
        let prices = isBatch ? await Prices(access) : nil
        var submissions = 0
        var failed = 0
        var money = CostEstimate(cost: 0...0, balance: prices?.balance)
        for work in works {
            do {
                var plan = try await access.client.plan(work.request, asksProvider: !isBatch)
                if let prices {
                    plan.cost = prices.cost(of: work.request, access.provider)
                    plan.balance = prices.balance
                }
                submissions += plan.submissions
                money.add(plan)
                tell(work, plan)
            } catch let error as GenerationError {
                failed += 1
                tell(work, error)
            }
        }
        if isBatch {
            errors.writeLine("\(works.count) prompts, \(submissions) submissions")
            for line in money.lines + Self.told(prices?.warnings ?? []) { errors.writeLine(line) }
        }
        return failed == 0 && !money.exceedsBalance
    }

    private func tell(_ work: GenerationWork, _ plan: GenerationPlan) {
        guard json else {
            var table = TextTable(alignments: [.left, .left])
            for field in plan.fields { table.append([field.name, PrintableName.escaped(field.value)]) }
            if isBatch { output.writeLine("\(work.prefix)\(work.title)") }
            output.write(table.text())
            guard !isBatch else { return output.writeLine("") }
            output.writeLine(
                plan.submissions == 1 ? "1 submission" : "\(plan.submissions) submissions, the first as above")
            for line in CostEstimate(cost: plan.cost, balance: plan.balance).lines { output.writeLine(line) }
            for line in Self.told(plan.warnings) { errors.writeLine(line) }
            return
        }
        output.writeLine(
            JSONText.object([
                .init("input", .string(work.request.prompt)), .init("line", .optional(work.line)),
                .init("provider", .string(access.provider.name)),
                .init("status", .string("planned")),
                .init(
                    "fields",
                    .array(
                        plan.fields.map {
                            .object([.init("name", .string($0.name)), .init("value", .string($0.value))])
                        })),
                .init("submissions", .integer(plan.submissions)),
                .init("cost_minimum", .optional(plan.cost?.lowerBound)),
                .init("cost_maximum", .optional(plan.cost?.upperBound)),
                .init("balance", .optional(plan.balance?.amount)), .init("unit", .optional(plan.balance?.unit)),
                .init("warnings", .array(plan.warnings.map { .string($0) })),
                .init("error", .null),
            ]).description)
    }

    private func tell(_ work: GenerationWork, _ error: GenerationError) {
        if json {
            output.writeLine(
                GenerationOutcome(
                    prompt: work.request.prompt, line: work.line, provider: access.provider.name, status: .failed,
                    error: error
                ).json.description)
        } else {
            errors.writeLine(
                "\(work.line == nil ? "snug: " : work.prefix)\(PrintableName.escaped(error.message)) (\(error.code))")
        }
    }

    private static func told(_ warnings: [String]) -> [String] {
        warnings.map { "snug: warning: \(PrintableName.escaped($0))" }
    }
}

/// What it costs against what there is.
private struct CostEstimate {
    private(set) var cost: ClosedRange<Double>?
    private(set) var balance: AccountBalance?

    init(cost: ClosedRange<Double>?, balance: AccountBalance?) {
        self.cost = cost
        self.balance = balance
    }

    /// One unknown cost makes the sum unknown.
    mutating func add(_ plan: GenerationPlan) {
        balance = balance ?? plan.balance
        guard let sum = cost, let more = plan.cost else {
            cost = nil
            return
        }
        cost = sum.lowerBound + more.lowerBound...sum.upperBound + more.upperBound
    }

    var exceedsBalance: Bool {
        guard let cost, let balance else { return false }
        return balance.amount < cost.lowerBound
    }

    var lines: [String] {
        let unit = balance.map { " \($0.unit)" } ?? ""
        let price = cost.map { cost in
            let low = GenerateReporter.plain(cost.lowerBound)
            return cost.lowerBound == cost.upperBound ? low : "\(low) to \(GenerateReporter.plain(cost.upperBound))"
        }
        return [
            price.map { "cost \($0)\(unit)" } ?? "cost not known",
            balance.map { "balance \(GenerateReporter.plain($0.amount))\(unit)\(coverage)" } ?? "balance not known",
        ]
    }

    private var coverage: String {
        guard let cost, let balance else { return "" }
        if exceedsBalance { return ", which is not enough" }
        return balance.amount >= cost.upperBound ? ", which is enough" : ", which may not be enough"
    }
}

/// What things cost and what there is, asked once for a whole batch.
private struct Prices {
    private var models: [ModelDescription] = []
    private(set) var balance: AccountBalance?
    private(set) var warnings: [String] = []

    init(_ access: GenerationAccess) async {
        do { models = try await access.client.models() } catch {
            warnings.append("prices are not known: \(Self.words(error))")
        }
        do { balance = try await access.client.balance() } catch {
            warnings.append("the balance is not known: \(Self.words(error))")
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
