// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugGeneration
import SnugLedger
import SnugPipeline
import SnugSystem

/// `snug jobs resume`.
struct JobsResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Lifts a pause, or a provider's limit on an account.",
        usage: "snug jobs resume [<id> ...] [<options>]",
        discussion: """
            Without a name it lifts the pause of everything; pauses of folders, accounts and stages are lifted by name. \
            --account also lets an account go that its provider had limited, such as one that was topped up.

            Examples:
              snug jobs resume --folder inbox
              snug jobs resume --account main
            """)

    @OptionGroup var scope: PauseScopeOptions
    @OptionGroup var state: LedgerOptions

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print one JSON object a line for each pause that was lifted, or for each job.")
    var json = false

    func run() async throws {
        try await LedgerAccess.with(state, json: json) { ledger in
            guard scope.ids.isEmpty else {
                return try await JobDecision(resolution: .unpause, done: "resumed", json: json)
                    .carryOut(scope.ids, in: ledger)
            }
            let scope = scope.scope
            let lifted = try await ledger.holds().filter { $0.scope == scope }
            try await ledger.unpause(scope)
            if case .account(let account) = scope {
                try await ParkedAccount(account, in: ledger).letGo(.ledger(ledger))
            }
            for hold in lifted {
                OutputStream.standardOutput.writeLine(json ? hold.json.description : "Lifted: \(hold.words)")
            }
            if lifted.isEmpty, !json {
                let rest = try await ledger.holds().map { "\n  \($0.sentence)" }.joined()
                OutputStream.standardError.writeLine("Nothing of that name was paused." + rest)
            }
        }
    }
}
