// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugPipeline
import SnugSystem

/// Prints the plans of `generate --dry-run`.
struct GenerationPlanPrinter: Sendable {
    let access: GenerationAccess
    let json: Bool
    let isBatch: Bool
    private var output: OutputStream { .standardOutput }
    private var errors: OutputStream { .standardError }

    let makesAgain: Bool

    init(_ access: GenerationAccess, json: Bool, isBatch: Bool, makesAgain: Bool) {
        self.makesAgain = makesAgain
        self.access = access
        self.json = json
        self.isBatch = isBatch
    }

    /// - Returns: True when everything can be sent and, as far as is known, paid.
    func run(_ works: [GenerationWork]) async throws -> Bool {
        let dryRun = GenerationDryRun(
            client: access.client, provider: access.provider, isBatch: isBatch, makesAgain: makesAgain)
        let estimate = try await dryRun.run(works) { work, plan in
            switch plan {
            case .success(let plan): write(work, plan)
            case .failure(let error): write(work, error)
            }
        }
        if isBatch {
            let counts = [(works.count, "prompt"), (estimate.submissions, "submission")]
            var words = counts.map { "\($0) \($1)\($0 == 1 ? "" : "s")" }
            if estimate.resumed > 0 { words.append("\(estimate.resumed) to be resumed") }
            if estimate.held > 0 { words.append("\(estimate.held) held") }
            errors.writeLine(words.joined(separator: ", "))
            for line in estimate.lines + Self.lines(estimate.warnings) { errors.writeLine(line) }
        }
        return estimate.isPossible
    }

    private func write(_ work: GenerationWork, _ plan: GenerationPlan) {
        if json { return output.writeLine(Self.json(work, plan, provider: access.provider.name).description) }
        var table = TextTable(alignments: [.left, .left])
        for field in plan.fields { table.append([field.name, PrintableName.escaped(field.value)]) }
        if isBatch { output.writeLine("\(work.prefix)\(work.request.title)") }
        output.write(table.text())
        if plan.isDone { output.writeLine("already there: nothing is submitted (--again generates another)") }
        if plan.resumed > 0 {
            output.writeLine("resumed: \(plan.resumed) that \(plan.resumed == 1 ? "is" : "are") under way")
        }
        for id in plan.held {
            output.writeLine("held: its outcome is unknown (--retry \(id) submits it again, --drop \(id) forgets it)")
        }
        guard !isBatch else { return output.writeLine("") }
        guard plan.submissions > 0 else { return }
        output.writeLine(plan.submissions == 1 ? "1 submission" : "\(plan.submissions) submissions, the first as above")
        for line in GenerationEstimate(cost: plan.cost, balance: plan.balance).lines { output.writeLine(line) }
        for line in Self.lines(plan.warnings) { errors.writeLine(line) }
    }

    private static func json(_ work: GenerationWork, _ plan: GenerationPlan, provider: String) -> JSONValue {
        let fields = plan.fields.map { ["name": .text($0.name), "value": .text($0.value)] as JSONValue }
        return [
            "input": .text(work.request.prompt), "line": .optional(work.line), "provider": .text(provider),
            "status": .text("planned"), "fields": .array(fields), "submissions": .integer(plan.submissions),
            "resumed": .integer(plan.resumed), "held": .array(plan.held.map { .text($0) }),
            "cost_minimum": .optional(plan.cost?.lowerBound), "cost_maximum": .optional(plan.cost?.upperBound),
            "balance": .optional(plan.balance?.amount), "unit": .optional(plan.balance?.unit),
            "warnings": .array(plan.warnings.map { .text($0) }), "error": .null,
        ]
    }

    private func write(_ work: GenerationWork, _ error: GenerationError) {
        if json {
            output.writeLine(GenerationOutcome(work, error).namingOptions.jsonLine(provider: access.provider.name))
        } else {
            let message = Remedy.generation(error.message)
            errors.writeLine(
                "\(work.line == nil ? "snug: " : work.prefix)\(PrintableName.escaped(message)) (\(error.code))")
        }
    }

    private static func lines(_ warnings: [String]) -> [String] {
        warnings.map { "snug: warning: \(PrintableName.escaped($0))" }
    }
}

extension GenerationEstimate {
    /// Cost and balance, for a person.
    fileprivate var lines: [String] {
        let unit = balance.map { " \($0.unit)" } ?? ""
        let price = cost.map { cost in
            let low = GenerateReporter.plain(cost.lowerBound)
            return cost.lowerBound == cost.upperBound ? low : "\(low) to \(GenerateReporter.plain(cost.upperBound))"
        }
        return [
            price.map { "cost \($0)\(unit)" } ?? "cost unknown",
            balance.map { "balance \(GenerateReporter.plain($0.amount))\(unit)\(coverage)" } ?? "balance unknown",
        ]
    }

    private var coverage: String {
        guard let cost, let balance else { return "" }
        if exceedsBalance { return ", which is not enough" }
        return balance.amount >= cost.upperBound ? ", which is enough" : ", which may not be enough"
    }
}
