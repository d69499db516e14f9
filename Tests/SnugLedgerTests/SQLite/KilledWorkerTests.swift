// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

/// Processes that are ended with SIGKILL, and what those after them make of it.
@Suite("Workers that are killed", .serialized) struct KilledWorkerTests {
    let names = ["ask 1", "ask 2", "never 1", "never 2"]

    /// A ledger, and a folder for what workers do outside of it.
    private struct Place {
        let folder: TemporaryFolder
        /// The address and the schema in PostgreSQL; none for a file.
        let service: [String]

        init(_ kind: LedgerFixture.Kind) async throws {
            folder = try TemporaryFolder()
            try folder.write([], to: "out/.keep")
            service = kind == .sqlite ? [] : [try await PostgresServer.address(), PostgresServer.newName()]
        }

        func open() async throws -> any SharedLedger {
            #if Postgres
                if let address = service.first {
                    var configuration = LedgerConfiguration()
                    configuration.lostConnectionGrace = .zero
                    return try await PostgresLedger.open(
                        PostgresAddress(address), schema: service[1], configuration: configuration)
                }
            #endif
            return try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
        }
    }

    private func start(_ place: Place, dieAt point: Int = 0) throws -> ChildProcess {
        let folder = place.folder
        let program = try CommandRunner(program: "snug-ledger-worker", folder: folder.path).program
        return try ChildProcess(
            [program.string, folder.path.string, "\(point)"] + place.service, folder: folder.path,
            errors: folder.path.appending("errors"))
    }

    /// - Returns: The exit code.
    private func run(_ place: Place, dieAt point: Int = 0) async throws -> Int32 {
        let process = try start(place, dieAt: point)
        let code = try await onThread { process.wait() }
        if code == 137, !place.service.isEmpty { try await noticeEnd(place) }
        return code
    }

    /// Waits until the service has seen that those that are killed are gone.
    private func noticeEnd(_ place: Place) async throws {
        let ledger = try await place.open()
        #expect(
            try await eventually {
                for job in try await ledger.list(JobFilter(states: [.running])) {
                    if let owner = job.owner, try await !ledger.hasEnded(owner) { return false }
                }
                return true
            })
        try await ledger.close()
    }

    private func fill(_ place: Place, _ names: [String]) async throws {
        let ledger = try await place.open()
        _ = try await ledger.enqueue(names.map { .sample($0, folder: "") })
        try await ledger.close()
    }

    /// Whatever happened: nothing lost, nothing paid twice, nothing half done, nothing running for ever.
    private func check(_ place: Place, _ names: [String]) async throws {
        let (ledger, folder) = (try await place.open(), place.folder)
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
        let errors = String(decoding: try folder.bytes(of: "errors") ?? [], as: UTF8.self)
        #expect(errors.isEmpty, "\(errors)")
    }

    @Test(
        "A kill at any point around any write loses nothing and pays nothing twice",
        arguments: LedgerFixture.Kind.shared)
    func everyPoint(kind: LedgerFixture.Kind) async throws {
        var point = 1
        while true {
            let place = try await Place(kind)
            let names = ["ask", "never"]
            try await fill(place, names)
            let code = try await run(place, dieAt: point)
            #expect(code == 0 || code == 137)
            // The next process has the work at once, whatever the lease was.
            #expect(try await run(place) == 0, "point \(point)")
            try await check(place, names)
            if code == 0 { break }
            point += 1
        }
        #expect(point > 15)
    }

    @Test(
        "Kills at random moments of several processes lose nothing and pay nothing twice",
        arguments: LedgerFixture.Kind.shared)
    func randomMoments(kind: LedgerFixture.Kind) async throws {
        var random = SeededGenerator(seed: 7)
        let place = try await Place(kind)
        let names = (0..<12).flatMap { ["ask \($0)", "never \($0)"] }
        try await fill(place, names)
        var kills = 0
        for _ in 0..<(kind == .sqlite ? 24 : 12) {
            let processes = try [start(place), start(place)]
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...250, using: &random)))
            for process in processes where process.isRunning {
                kills += 1
                process.signal(SIGKILL)
            }
            for process in processes { _ = try await onThread { process.wait() } }
        }
        #expect(kills > 0)
        try await noticeEnd(place)
        #expect(try await run(place) == 0)
        try await check(place, names)
    }

    @Test("What a process that lives has, another does not take", arguments: LedgerFixture.Kind.shared)
    func living(kind: LedgerFixture.Kind) async throws {
        let place = try await Place(kind)
        try await fill(place, names)
        let ledger = try await place.open()
        let claims = try await ledger.claim(ClaimRequest(limit: 9))
        #expect(claims.count == names.count)
        #expect(try await run(place) == 0)
        for claim in claims { _ = try await ledger.renew(claim.lease, for: .seconds(60)) }
        try await ledger.close()
        #expect(try await run(place) == 0)
        try await check(place, names)
    }
}
