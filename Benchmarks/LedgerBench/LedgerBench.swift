// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugLedger

/// Measures how many jobs a second workers claim and end on one ledger. Usage: snug-ledger-bench LEDGER WORKERS JOBS
///
/// Each worker is an instance with connections of its own, as in a process of its own. Prints one line of JSON.
@main struct LedgerBench {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let workers = Int(arguments[2]), let jobs = Int(arguments[3]) else { exit(64) }
        let location = try LedgerLocation(arguments[1], isPrivate: true)
        let ledger = try await location.open()
        let filling = try await ContinuousClock().measure { try await fill(ledger, jobs) }
        var claimed = 0
        let working = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<workers { group.addTask { try await work(location) } }
                for try await count in group { claimed += count }
            }
        }
        try await ledger.checkIntegrity()
        try await ledger.close()
        print(
            """
            {"workers":\(workers),"jobs":\(claimed),"enqueued_per_second":\(rate(jobs, filling)),\
            "jobs_per_second":\(rate(claimed, working))}
            """)
    }

    private static func rate(_ count: Int, _ time: Duration) -> Int { Int(Double(count) / (time / .seconds(1))) }

    /// Puts jobs in, as a watcher does with what it finds in two folders.
    private static func fill(_ ledger: any SharedLedger, _ count: Int) async throws {
        let run = UInt64.random(in: 0 ... .max)
        for start in stride(from: 0, to: count, by: 100) {
            _ = try await ledger.enqueue(
                (start..<min(start + 100, count)).map { number in
                    let identity = JobIdentity(contentHash: "\(run) \(number)", pipeline: "bench")
                    return NewJob(identity, name: "\(number).jpg", folder: "folder \(number % 2)")
                })
        }
    }

    /// Claims and ends jobs, one at a time, until none is left.
    private static func work(_ location: LedgerLocation) async throws -> Int {
        let ledger = try await location.open()
        var count = 0
        while let claim = try await ledger.claim(ClaimRequest()).first {
            try await ledger.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease)
            count += 1
        }
        try await ledger.close()
        return count
    }
}
