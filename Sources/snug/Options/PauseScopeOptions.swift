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
            throw ValidationError(
                "name one of ids, --folder, --account and --stage; for more, run the command for each")
        }
    }

    @Sendable private static func step(_ text: String) throws -> JobStep {
        guard let step = JobStep(rawValue: text) else {
            let nearest = NearestName.of(text, among: JobStep.allCases.map(\.rawValue))
            let hint = nearest.map { "Did you mean \($0)? " } ?? ""
            throw ValidationError(
                "no stage is named '\(PrintableName.escaped(text))'. \(hint)Stages are "
                    + JobStep.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return step
    }
}
