// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugGeneration
import SnugSystem

/// `snug balance`.
struct BalanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balance",
        abstract: "Shows the balance of an account.",
        usage: "snug balance --provider <provider> [<options>]",
        discussion: """
            OpenAI has no endpoint for balances.

            Examples:
              snug balance --provider pollinations
              snug balance --provider elumenta --json | jq .amount
            """)

    @OptionGroup var access: ProviderOptions
    @OptionGroup var waiting: ListingOptions

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print a JSON object.")
    var json = false

    mutating func validate() throws { _ = try access.makeProvider() }

    func run() async throws {
        try await CommandFailure.told(json: json) {
            let provider = try access.makeProvider()
            guard let balance = try await GenerationAccess(provider, access, waiting.dependencies).client.balance()
            else { throw GenerationError(.providerFailed, "\(provider.name) does not report balances") }
            let output = OutputStream.standardOutput
            if json {
                output.writeLine(
                    ([
                        "provider": .text(provider.name), "amount": .number(balance.amount),
                        "unit": .text(balance.unit),
                        "plan": .optional(balance.plan),
                    ] as JSONValue).description)
            } else {
                let plan = balance.plan.map { "  (\(PrintableName.escaped($0)))" } ?? ""
                output.writeLine("\(GenerateReporter.plain(balance.amount)) \(balance.unit)\(plan)")
            }
            try output.checkDelivered()
        }
    }
}
