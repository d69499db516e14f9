// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Logging
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem

/// `snug storage sweep`.
struct StorageSweepCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Removes the objects that no job of the ledger refers to any more, and unfinished uploads.",
        usage: "snug storage sweep [<options>]",
        discussion: """
            The hosts of a fleet do the same once a day. An object goes when it was stored more than 7 days ago and the \
            ledger knows no job that refers to it. What a host that was killed left of a large upload goes after the same \
            time, where the server lists unfinished uploads. Name the ledger that all hosts share: another one knows nothing of \
            their jobs.

            Examples:
              snug storage sweep --ledger postgres://snug@db.example/snug \\
                --storage s3://images/snug -n
              snug storage sweep --json
            """)

    @OptionGroup var storage: StorageOptions

    @OptionGroup var ledger: LedgerOptions

    @Flag(name: [.customShort("n"), .long], help: "Show what would be removed, and remove nothing.")
    var dryRun = false

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() async throws {
        do {
            guard let address = try storage.address else {
                throw ValidationError("name the storage by --storage s3://BUCKET/PREFIX or in SNUG_STORAGE")
            }
            let place = try await storage.open(address)
            let report = try await LedgerAccess.with(ledger, json: json) { ledger in
                let logger = Logger(label: "snug.storage") { _ in SwiftLogNoOpLogHandler() }
                try await StorageOwnership.check(place, for: ledger)
                return try await StorageSweeper(place, ledger: ledger, logger: logger).sweep(
                    isDryRun: dryRun, unfinished: tell)
            }
            show(report, address)
            try OutputStream.standardOutput.checkDelivered()
        } catch let error as StorageError {
            if json { OutputStream.standardOutput.writeLine((["error": error.json] as JSONValue).description) }
            OutputStream.standardError.writeLine("Error: \(PrintableName.escaped(error.message))")
            throw ExitCode(1)
        }
    }

    /// Names an unfinished upload in a dry run, for people.
    @Sendable private func tell(_ object: UnfinishedObject) {
        guard dryRun, !json, let age = object.age else { return }
        OutputStream.standardOutput.writeLine(
            "\(PrintableName.escaped(object.name)): an unfinished upload, begun \(DurationText.exact(age)) ago")
    }

    private func show(_ report: StorageSweeper.Report, _ address: StorageAddress) {
        let output = OutputStream.standardOutput
        guard json else {
            let verb = dryRun ? "would be removed" : "removed"
            return output.writeLine(
                "\(PrintableName.escaped(address.description)): \(report.objects) objects (\(ByteCount(report.bytes))), "
                    + "\(report.removed) \(verb) (\(ByteCount(report.removedBytes))), \(report.young) younger than 7 days, "
                    + (report.unfinishedNote.map { "unfinished uploads not looked at: \(PrintableName.escaped($0))" }
                        ?? "\(report.unfinished) unfinished uploads, \(report.unfinishedRemoved) \(verb)"))
        }
        let object: JSONValue = [
            "storage": .text(address.description), "status": .text(dryRun ? "planned" : "swept"),
            "objects": .integer(report.objects), "bytes": .integer(report.bytes), "young": .integer(report.young),
            "referred": .integer(report.referred), "removed": .integer(report.removed),
            "removed_bytes": .integer(report.removedBytes), "unfinished": .integer(report.unfinished),
            "unfinished_removed": .integer(report.unfinishedRemoved),
            "unfinished_note": .optional(report.unfinishedNote),
        ]
        output.writeLine(object.description)
    }
}
