// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugLedger
import SystemPackage

/// A worker that tests kill. Usage: snug-ledger-worker FOLDER DIE_AT [ADDRESS SCHEMA]
///
/// It works on `ledger.sqlite` or on a schema of a PostgreSQL service, notes each charge as a line of `charges`, and delivers files into `out/`. It ends itself with
/// SIGKILL at the point of that number; 0 is never.
@main struct LedgerWorker {
    let folder: FilePath
    let dieAt: Int
    let service: (address: String, schema: String)?
    var points = 0

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard [3, 5].contains(arguments.count), let dieAt = Int(arguments[2]) else { exit(64) }
        let service = arguments.count == 5 ? (address: arguments[3], schema: arguments[4]) : nil
        var worker = LedgerWorker(folder: FilePath(arguments[1]), dieAt: dieAt, service: service)
        try await worker.run()
    }

    /// A point between two writes.
    private mutating func point() {
        points += 1
        if points == dieAt { kill(getpid(), SIGKILL) }
    }

    private mutating func run() async throws {
        let ledger = try await open()
        point()
        while let claim = try await ledger.claim(ClaimRequest(lease: .seconds(3600))).first {
            point()
            try await work(on: claim, ledger)
            point()
        }
        try await ledger.close()
    }

    private func open() async throws -> any SharedLedger {
        // Killed far more often than any input would be.
        var configuration = LedgerConfiguration(policy: LedgerPolicy(maximumCrashes: 1000))
        configuration.lostConnectionGrace = .zero
        #if Postgres
            if let service {
                return try await PostgresLedger.open(
                    PostgresAddress(service.address), schema: service.schema, configuration: configuration)
            }
        #endif
        return try await SQLiteLedger.open(folder.appending("ledger.sqlite"), configuration: configuration)
    }

    private mutating func work(on claim: ClaimedJob, _ ledger: any SharedLedger) async throws {
        let (job, lease) = (claim.job, claim.lease)
        switch job.step {
        case .submit:
            let repetition: StepIntent.Repetition = job.name.hasPrefix("ask") ? .reconcile : .never
            try await ledger.recordIntent(StepIntent(repetition), under: lease)
            point()
            try append("\(job.key)\n", to: "charges")
            point()
            try await ledger.recordOutcome(.advanced(to: .deliver), under: lease)
        case .reconcile:
            let isCharged = try read("charges").split(separator: "\n").contains(Substring(job.key))
            point()
            try await ledger.recordOutcome(.advanced(to: isCharged ? .deliver : .submit), under: lease)
        case .deliver:
            for delivery in claim.pendingDeliveries {
                try append("result of \(job.key)\n", to: "\(job.id).tmp", replacing: true)
                point()
                _ = unsafe rename(
                    folder.appending("\(job.id).tmp").string, folder.appending("out/\(delivery.name)").string)
                point()
            }
            try await ledger.recordOutcome(.delivered(claim.pendingDeliveries), under: lease)
        default: try await ledger.recordOutcome(.advanced(to: .submit), under: lease)
        }
    }

    private func append(_ text: String, to name: String, replacing: Bool = false) throws {
        let file = try FileDescriptor.open(
            folder.appending(name), .writeOnly, options: [.create, replacing ? .truncate : .append],
            permissions: .ownerReadWrite)
        _ = try file.closeAfter { try file.writeAll(text.utf8) }
    }

    private func read(_ name: String) throws -> String {
        guard let file = try? FileDescriptor.open(folder.appending(name), .readOnly) else { return "" }
        return try file.closeAfter {
            var bytes = [UInt8](repeating: 0, count: 1 << 20)
            let count = try unsafe bytes.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
            return String(decoding: bytes.prefix(count), as: UTF8.self)
        }
    }
}
