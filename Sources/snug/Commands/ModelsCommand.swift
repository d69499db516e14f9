// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugGeneration
import SnugSystem

/// `snug models`.
struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Lists the models of a provider, and their costs where it names them.",
        usage: "snug models --provider <provider> [<options>]",
        discussion: """
            Costs are for one image, in the unit that 'snug balance' shows.

            Examples:
              snug models --provider pollinations
              snug models --provider elumenta --json | jq -r .name
            """)

    @OptionGroup var access: ProviderOptions
    @OptionGroup var waiting: ListingOptions

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print one JSON object a line for each model.")
    var json = false

    mutating func validate() throws { _ = try access.makeProvider() }

    func run() async throws {
        try await CommandFailure.told(json: json) {
            let models = try await GenerationAccess(try access.makeProvider(), access, waiting.dependencies).client
                .models()
            let output = OutputStream.standardOutput
            if json {
                for model in models { output.writeLine(model.json.description) }
            } else {
                output.write(Self.table(of: models))
            }
            try output.checkDelivered()
        }
    }

    /// All models, a line each, with the columns that have something in them.
    static func table(of models: [ModelDescription]) -> String {
        let columns: [(title: String, alignment: TextTable.Alignment, cell: (ModelDescription) -> String)] = [
            ("name", .left, { PrintableName.escaped($0.name) }),
            ("cost", .right, { $0.cost.map(Self.words) ?? "" }),
            ("takes images", .left, { $0.takesImages.map { $0 ? "yes" : "no" } ?? "" }),
            ("sizes", .left, { PrintableName.escaped($0.sizes.joined(separator: " ")) }),
            ("", .left, { TerminalText.cut(PrintableName.escaped($0.summary ?? ""), to: 60) }),
        ]
        let used = columns.filter { column in models.contains { !column.cell($0).isEmpty } }
        var table = TextTable(alignments: used.map(\.alignment))
        table.append(used.map(\.title))
        for model in models { table.append(used.map { $0.cell(model) }) }
        return table.text()
    }

    private static func words(_ cost: ClosedRange<Double>) -> String {
        let low = GenerateReporter.plain(cost.lowerBound)
        return cost.lowerBound == cost.upperBound ? low : "\(low)-\(GenerateReporter.plain(cost.upperBound))"
    }
}

extension ModelDescription {
    fileprivate var json: JSONValue {
        [
            "name": .text(name), "summary": .optional(summary),
            "cost_minimum": .optional(cost?.lowerBound), "cost_maximum": .optional(cost?.upperBound),
            "sizes": .array(sizes.map { .text($0) }),
            "takes_images": takesImages.map { .flag($0) } ?? .null,
        ]
    }
}
