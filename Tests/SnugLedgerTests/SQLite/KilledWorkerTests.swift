// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

/// Processes that are ended with SIGKILL, and what those after them make of it.
@Suite("Workers that are killed", .serialized) struct KilledWorkerTests {
    let folder: TemporaryFolder
    let names: [String]

    init() throws {
        folder = try TemporaryFolder()
        names = ["ask 1", "ask 2", "never 1", "never 2"]
        try folder.write([], to: "out/.keep")
    }

    private func open(_ folder: TemporaryFolder) async throws -> SQLiteLedger {
        try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
    }

    private func start(_ folder: TemporaryFolder, dieAt point: Int = 0) throws -> ChildProcess {
        let program = try CommandRunner(program: "snug-ledger-worker", folder: folder.path).program
        return try ChildProcess(
            [program.string, folder.path.string, "\(point)"], folder: folder.path,
            errors: folder.path.appending("errors"))
    }

    /// - Returns: The exit code.
    private func run(_ folder: TemporaryFolder, dieAt point: Int = 0) async throws -> Int32 {
        let process = try start(folder, dieAt: point)
        return try await onThread { process.wait() }
    }

    private func fill(_ folder: TemporaryFolder, _ names: [String]) async throws {
        let ledger = try await open(folder)
        _ = try await ledger.enqueue(names.map { .sample($0, folder: "") })
        try await ledger.close()
    }

    /// Whatever happened: nothing lost, nothing paid twice, nothing half done, nothing running for ever.
    private func check(_ folder: TemporaryFolder, _ names: [String]) async throws {
        let ledger = try await open(folder)
        let jobs = try await ledger.list(JobFilter())
        let text = String(decoding: try folder.bytes(of: "charges") ?? [], as: UTF8.self)
        let charges = Dictionary(grouping: text.split(separator: "\n"), by: { $0 }).mapValues(\.count)
        #expect(jobs.count == names.count)
        for job in jobs {
            let count = charges[Substring(job.key)] ?? 0
            let bytes = try folder.bytes(of: "out/\(job.name)")
            if job.state == .delivered {
                #expect(count == 1, "\(job.name)")
                #expect(bytes == Array("result of \(job.key)\n".utf8))
            } else {
                // Only what nobody can be asked about, and only because it may have been paid for.
                #expect(job.name.hasPrefix("never") && job.state == .held && job.isOutcomeUnknown, "\(job)")
                #expect(count <= 1 && bytes == nil)
            }
        }
        let books = try await ledger.books()
        #expect(books[""]?.areBalanced == true && books[""]?.seen == names.count && books[""]?.waiting == 0)
        try await ledger.checkIntegrity()
        try await ledger.close()
        #expect(try folder.bytes(of: "errors") ?? [] == [])
    }

    @Test("A kill at any point around any write loses nothing and pays nothing twice")
    func everyPoint() async throws {
        var point = 1
        while true {
            let folder = try TemporaryFolder()
            try folder.write([], to: "out/.keep")
            let names = ["ask", "never"]
            try await fill(folder, names)
            let code = try await run(folder, dieAt: point)
            #expect(code == 0 || code == 137)
            // The next process has the work at once, whatever the lease was.
            #expect(try await run(folder) == 0, "point \(point)")
            try await check(folder, names)
            if code == 0 { break }
            point += 1
        }
        #expect(point > 15)
    }

    @Test("Kills at random moments of several processes lose nothing and pay nothing twice")
    func randomMoments() async throws {
        var random = SeededGenerator(seed: 7)
        let names = (0..<12).flatMap { ["ask \($0)", "never \($0)"] }
        try await fill(folder, names)
        var kills = 0
        for _ in 0..<24 {
            let processes = try [start(folder), start(folder)]
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...250, using: &random)))
            for process in processes where process.isRunning {
                kills += 1
                process.signal(SIGKILL)
            }
            for process in processes { _ = try await onThread { process.wait() } }
        }
        #expect(kills > 0)
        #expect(try await run(folder) == 0)
        try await check(folder, names)
    }

    @Test("What a process that lives has, another does not take")
    func living() async throws {
        try await fill(folder, names)
        let ledger = try await open(folder)
        let claims = try await ledger.claim(ClaimRequest(limit: 9))
        #expect(claims.count == names.count)
        #expect(try await run(folder) == 0)
        for claim in claims { _ = try await ledger.renew(claim.lease, for: .seconds(60)) }
        try await ledger.close()
        #expect(try await run(folder) == 0)
        try await check(folder, names)
    }
}
