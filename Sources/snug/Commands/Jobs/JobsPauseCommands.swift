// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem

/// The work that a pause is about.
struct PauseScopeOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Ids of single jobs.", valueName: "id"))
    var ids: [String] = []

    @Option(help: ArgumentHelp("The jobs of a watched folder.", valueName: "name"))
    var folder: String?

    @Option(help: ArgumentHelp("The jobs of an account.", valueName: "name"))
    var account: String?

    @Option(
        help: ArgumentHelp(
            "One stage of all jobs: \(JobStep.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "stage"),
        completion: .list(JobStep.allCases.map(\.rawValue)), transform: PauseScopeOptions.step)
    var stage: JobStep?

    /// The scope; everything where nothing is named.
    var scope: PauseScope {
        if let folder { return .folder(folder) }
        if let account { return .account(account) }
        if let stage { return .step(stage) }
        return .all
    }

    mutating func validate() throws {
        let named = [folder != nil, account != nil, stage != nil, !ids.isEmpty].count { $0 }
        guard named <= 1 else {
            throw ValidationError("name one of ids, --folder, --account and --stage; for more, run the command for each")
        }
    }

    @Sendable private static func step(_ text: String) throws -> JobStep {
        guard let step = JobStep(rawValue: text) else {
            let hint = NearestName.of(text, among: JobStep.allCases.map(\.rawValue)).map { "Did you mean \($0)? " } ?? ""
            throw ValidationError(
                "no stage is named '\(PrintableName.escaped(text))'. \(hint)Stages are "
                    + JobStep.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return step
    }
}

/// `snug jobs pause`.
struct JobsPauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Pauses a folder, an account, a stage, single jobs, or everything.",
        discussion: """
            Nothing new is started; what runs is finished. A pause survives restarts, and lasts until its time or until \
            'snug jobs resume'.

            Examples:
              snug jobs pause --folder inbox
              snug jobs pause --stage submit --until 18:00
              snug jobs pause --until 2h                  everything
            """)

    @OptionGroup var scope: PauseScopeOptions

    @Option(
        help: ArgumentHelp("The end of the pause: \(JobMoment.examples).", valueName: "time"),
        transform: JobArguments.future)
    var until: LedgerInstant?

    @OptionGroup var ledger: LedgerOptions

    @Flag(help: "Print one JSON object a line for the pause, or for each job.")
    var json = false

    func run() async throws {
        try await ledger.withLedger(json: json) { ledger in
            guard scope.ids.isEmpty else {
                return try await JobDecision(resolution: .pause(until: until), done: "paused", json: json)
                    .carryOut(scope.ids, in: ledger)
            }
            let reason = JobReason(code: JobReason.byRequest, message: "paused by snug jobs pause")
            let scope = scope.scope
            try await ledger.pause(scope, until: until, reason: reason)
            for hold in try await ledger.holds() where hold.kind == .pause && hold.scope == scope {
                OutputStream.standardOutput.writeLine(json ? hold.json.description : hold.sentence)
            }
        }
    }
}

/// `snug jobs resume`.
struct JobsResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Lifts a pause, or a provider's limit on an account.",
        discussion: """
            Without a name it lifts the pause of everything; pauses of folders, accounts and stages are lifted by name. \
            --account also lets an account go that its provider had limited, such as one that was topped up.

            Examples:
              snug jobs resume --folder inbox
              snug jobs resume --account main
            """)

    @OptionGroup var scope: PauseScopeOptions
    @OptionGroup var ledger: LedgerOptions

    @Flag(help: "Print one JSON object a line for each pause that was lifted, or for each job.")
    var json = false

    func run() async throws {
        try await ledger.withLedger(json: json) { ledger in
            guard scope.ids.isEmpty else {
                return try await JobDecision(resolution: .unpause, done: "resumed", json: json)
                    .carryOut(scope.ids, in: ledger)
            }
            let scope = scope.scope
            let lifted = try await ledger.holds().filter { $0.scope == scope }
            try await ledger.unpause(scope)
            if case .account(let account) = scope { try await ledger.unpark(account: account) }
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

/// `snug jobs prune`.
struct JobsPruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Forgets jobs that have been over for long enough.",
        discussion: """
            Held jobs are never forgotten, nor those whose idempotency key a provider may still honour. The results stay; \
            only their records go, so that the same file is processed again when it comes again.

            Examples:
              snug jobs prune
              snug jobs prune --delivered 7d --failed 90d
            """)

    @Option(
        help: ArgumentHelp("Age of delivered jobs, or never. (default: 30d)", valueName: "age"),
        transform: JobArguments.age)
    var delivered = PruningAge.after(.seconds(30 * 86_400))

    @Option(
        help: ArgumentHelp("Age of cancelled jobs, or never. (default: 30d)", valueName: "age"),
        transform: JobArguments.age)
    var cancelled = PruningAge.after(.seconds(30 * 86_400))

    @Option(
        help: ArgumentHelp("Age of failed jobs, or never. (default: never)", valueName: "age"),
        transform: JobArguments.age)
    var failed = PruningAge.never

    @OptionGroup var ledger: LedgerOptions

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() async throws {
        let policy = PruningPolicy(
            delivered: delivered.duration, cancelled: cancelled.duration, failed: failed.duration)
        try await ledger.withLedger(json: json) { ledger in
            let count = try await ledger.prune(policy)
            let output = OutputStream.standardOutput
            if json {
                output.writeLine((["pruned": .integer(count)] as JSONValue).description)
            } else {
                output.writeLine("\(count) \(count == 1 ? "job" : "jobs") forgotten")
            }
        }
    }
}
