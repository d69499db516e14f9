// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage

@testable import SnugServer

/// A server with a daemon beside it, over a state directory of its own.
struct JobBench: Sendable {
    let folder: TemporaryFolder
    let ledger: SQLiteLedger
    let daemon: Daemon

    /// - Parameters:
    ///   - folder: An earlier bench's, to start over after it.
    ///   - change: Configures folders and accounts.
    init(_ folder: TemporaryFolder? = nil, _ change: (inout WatchConfiguration) -> Void = { _ in }) async throws {
        let folder = try folder ?? TemporaryFolder()
        self.folder = folder
        ledger = try await SQLiteLedger.open(folder.path.appending("state/ledger.sqlite"))
        var configuration = WatchConfiguration(stateDirectory: folder.path.appending("state"))
        configuration.takesSubmissions = true
        configuration.workers.fits = 2
        configuration.memory = 256 << 20
        configuration.isolatesFits = false
        change(&configuration)
        daemon = try Daemon(
            configuration, ledger: ledger, generationStores: .ledger(ledger), uploadStore: nil, http: try makeClient(),
            logger: quietLogger, fitter: Daemon.fitter(for: configuration), onEvent: { _ in })
    }

    /// Runs the daemon and a server until `body` is done.
    func run<Result: Sendable>(
        _ change: (inout ServerConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (TestServer) async throws -> Result
    ) async throws -> Result {
        let daemon = daemon
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await daemon.run() }
            let result = try await withServer(change, jobs: ServerJobs(daemon, ledger: ledger)) { server in
                while try await daemon.status().phase == .starting { try await Task.sleep(for: .milliseconds(5)) }
                return try await body(server)
            }
            await daemon.drain()
            try await tasks.waitForAll()
            return result
        }
    }
}

extension TestServer {
    /// Sends a form for jobs.
    func submit(
        _ parts: [(head: String, content: [UInt8])], _ query: String = "", _ fields: [(String, String)] = []
    ) async throws -> RawResponse {
        try await send(
            "POST", "/v1/jobs" + query, [("Content-Type", "multipart/form-data; boundary=xXx")] + fields,
            body: Self.form(parts))
    }

    /// The report of a job once it is in one of these states.
    func job(_ id: String, in states: Set<String> = ["delivered"]) async throws -> JSONValue {
        while true {
            let job = try await send("/v1/jobs/\(id)").json
            let state = job["state"]?.text ?? ""
            if states.contains(state) { return job }
            guard ["waiting", "running"].contains(state) else {
                throw RawConnection.Failure(description: "the job is \(job)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

extension RawResponse {
    /// The ids of the jobs that a request has made.
    var jobIDs: [String] { json["jobs"]?.elements.compactMap { $0["id"]?.text } ?? [] }
}
