// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SnugUpload
import Synchronization
import SystemPackage
import Testing

/// Runs of uploads against servers that refuse, break off, forget and contradict themselves.
@Suite(.serialized) struct UploadFaultTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The steps of a run, in words.
    private final class Steps: Sendable {
        private let kept = Mutex<[String]>([])
        var all: [String] { kept.withLock { $0 } }

        func add(_ event: UploadEvent) {
            let text: String? =
                switch event {
                case .fitted, .progressed: nil
                case .uploaded: "uploaded"
                case .skipped: "skipped"
                case .failed(_, let error): error.code.description
                case .interrupted(_, let error): "interrupted \(error?.code.description ?? "")"
                }
            if let text { kept.withLock { $0.append(text) } }
        }
    }

    private func request(
        _ files: [FilePath], _ server: FaultServer, _ uploadProtocol: UploadProtocol, path: String = "/in/"
    ) throws -> UploadRequest {
        var request = UploadRequest(
            files: files,
            destination: UploadDestination(url: try server.address(path), uploadProtocol: uploadProtocol))
        // Attempts follow one another at once.
        request.options.retry = RetryPolicy(maximumAttempts: 3, firstDelay: .zero, throttledDelay: .zero)
        request.options.attemptsWithoutProgress = 3
        return request
    }

    private func run(
        _ request: UploadRequest, _ store: (any UploadStore)? = nil
    ) async throws -> (report: UploadReport, steps: [String]) {
        let steps = Steps()
        let uploader = Uploader(client: try makeClient(), store: store, logger: quietLogger)
        let report = try await UploadRun(request, uploader: uploader).run { steps.add($0) }
        return (report, steps.all)
    }

    /// Answers each request that has a body with the next status; the last one again and again.
    private func server(_ statuses: [Int], headers: [String: String] = [:]) throws -> FaultServer {
        let left = Mutex(statuses)
        return try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                guard ["PUT", "POST"].contains(request.method) else {
                    try connection.respond(200, ["Content-Length": "3"])
                    continue
                }
                let status = left.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
                try connection.respond(status, headers)
            }
        }
    }

    @Test(
        "A refusal is a failure at once, with its status and no second request",
        arguments: [400, 401, 403, 404, 405, 413, 507], [UploadProtocol.put, .form])
    func refused(status: Int, uploadProtocol: UploadProtocol) async throws {
        let server = try server([status])
        let file = try folder.write([1, 2, 3], to: "a.bin")
        let (report, steps) = try await run(try request([file], server, uploadProtocol))
        #expect(report.receipts.isEmpty && report.failures.first?.error.status == status)
        #expect(steps.count == 1 && report.failures.first?.error.message.isEmpty == false)
        #expect(steps != ["outcome_unknown"] && steps != ["retries_spent"], "\(steps)")
        #expect(server.requests.count { ["PUT", "POST"].contains($0.method) } == 1)
    }

    @Test(
        "A server that is overloaded for a while gets the file in the end",
        arguments: [[503, 201], [500, 502, 200], [429, 204], [408, 201]])
    func transient(statuses: [Int]) async throws {
        let server = try server(statuses)
        let file = try folder.write([1, 2, 3], to: "a.bin")
        let (report, steps) = try await run(try request([file], server, .put))
        #expect(steps == ["uploaded"] && report.receipts[file]?.bytes == 3)
        #expect(server.requests.filter { $0.method == "PUT" }.map(\.body) == statuses.map { _ in [1, 2, 3] })
    }

    @Test("A server that stays overloaded fails the file, and says how long it asks to wait")
    func overloaded() async throws {
        let server = try server([429], headers: ["Retry-After": "3600"])
        let file = try folder.write([1], to: "a")
        let (report, _) = try await run(try request([file], server, .put))
        let error = try #require(report.failures.first?.error)
        #expect(error.retryAfter == .seconds(3600) && error.status == 429)
        #expect(error.json(advice: "later")["details"]?["retry_after"] == .number(3600))
    }

    @Test("One file in trouble stops no other, whatever the trouble is")
    func oneInTrouble() async throws {
        let server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                if request.target.contains("reset") { return connection.reset() }
                if request.method == "HEAD" {
                    try connection.respond(200, ["Content-Length": "1"])
                } else {
                    try connection.respond(request.target.contains("refused") ? 403 : 201)
                }
            }
        }
        var files = try ["a", "reset", "b", "refused", "c"].map { try folder.write([1], to: $0) }
        files.append(folder.path.appending("missing"))
        let (report, _) = try await run(try request(files, server, .put))
        #expect(Set(report.receipts.keys) == Set([files[0], files[2], files[4]]))
        #expect(Set(report.failures.map(\.file)) == Set([files[1], files[3], files[5]]))
    }

    @Test("A form whose response is lost is unknown, and the same run again sends it only when that is allowed")
    func lostResponse() async throws {
        let server = try FaultServer { connection in
            let request = try connection.readRequest()
            if request.connection == 1 { return connection.close() }
            try connection.respond(201)
        }
        let store = InMemoryUploadStore()
        let file = try folder.write([1, 2, 3], to: "a.jpg")
        var request = try request([file], server, .form, path: "/form")
        for _ in 0..<2 {
            let (report, steps) = try await run(request, store)
            #expect(steps == ["outcome_unknown"] && report.receipts.isEmpty)
            #expect(server.requests.count == 1)
        }
        request.options.repeatsUnknown = true
        #expect(try await run(request, store).steps == ["uploaded"])
        #expect(server.requests.count == 2)
    }

    @Test("A run that is cancelled while a form waits for its response tells that its outcome is unknown")
    func cancelledForm() async throws {
        let arrived = Mutex(false)
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            arrived.withLock { $0 = true }
            connection.waitForClose()
        }
        let store = InMemoryUploadStore()
        let file = try folder.write([1, 2, 3], to: "a.jpg")
        let request = try request([file], server, .form, path: "/form")
        let steps = Steps()
        let run = UploadRun(request, uploader: Uploader(client: try makeClient(), store: store, logger: quietLogger))
        let task = Task { try await run.run { steps.add($0) } }
        while !arrived.withLock({ $0 }) { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(steps.all == ["interrupted outcome_unknown"])
        #expect(try await self.run(request, store).steps == ["outcome_unknown"])
        #expect(server.requests.count == 1)
    }

    // MARK: tus

    private func tusRequest(_ file: FilePath, _ tus: TusServer) throws -> UploadRequest {
        var request = try request([file], tus.server, .tus, path: "/files/")
        request.options.chunkSize = 64 << 10
        request.options.adaptsChunkSize = false
        return request
    }

    @Test("An upload that was broken off resumes behind the bytes that the server has, in another process")
    func resumes() async throws {
        let bytes = pattern(200_000)
        let file = try folder.write(bytes, to: "a.bin")
        let tus = try TusServer([.store, .drop])
        let store = InMemoryUploadStore()
        let request = try tusRequest(file, tus)
        let (first, steps) = try await run(request, store)
        #expect(first.receipts.isEmpty && steps.count == 1 && tus.stored.count == 64 << 10)
        let error = try #require(first.failures.first?.error)
        #expect(error.resumption == .resumable(from: 64 << 10))
        #expect(error.json(advice: "")["details"]?["resumable_from"] == .integer(64 << 10))
        tus.react([.store])
        let second = try await run(request, store).report
        let receipt = try #require(second.receipts[file])
        #expect(receipt.resumed && receipt.bytesSent == 200_000 - 64 << 10 && tus.stored == bytes)
        #expect(tus.server.requests.count { $0.method == "POST" } == 1)
    }

    @Test("A file that changed since is sent from its first byte, and never joined with the bytes before")
    func changedSince() async throws {
        let file = try folder.write(pattern(200_000), to: "a.bin")
        let tus = try TusServer([.store, .drop])
        let store = InMemoryUploadStore()
        _ = try await run(try tusRequest(file, tus), store)
        let newer = [UInt8](repeating: 7, count: 200_000)
        try folder.write(newer, to: "a.bin")
        tus.react([.store])
        let (report, _) = try await run(try tusRequest(file, tus), store)
        #expect(report.receipts[file]?.resumed == false && tus.stored == newer)
        #expect(tus.server.requests.count { $0.method == "POST" } == 2)
    }

    @Test("A refused chunk and an offset of nothing are no delivery", arguments: [403, 404, 410, 413, 415])
    func refusedChunk(status: Int) async throws {
        let file = try folder.write(pattern(1000), to: "a.bin")
        let tus = try TusServer([.refuse(status)])
        let (report, steps) = try await run(try tusRequest(file, tus))
        #expect(report.receipts.isEmpty && report.failures.count == 1 && steps != ["uploaded"])
        #expect(tus.stored.isEmpty)
    }

    @Test("An offset beyond what was sent is believed from nobody", arguments: [1_000, 131_072, 200_001, 1 << 40])
    func offsetAhead(offset: Int) async throws {
        let file = try folder.write(pattern(200_000), to: "a.bin")
        let tus = try TusServer([.claim(offset == 1_000 ? 200_000 : offset)])
        let (report, _) = try await run(try tusRequest(file, tus))
        #expect(report.receipts.isEmpty && report.failures.first?.error.code == .serverMisbehaved)
    }

    @Test("A folder's files keep their folders in the names that tus is told")
    func metadata() async throws {
        try folder.write([1], to: "in/a/b.txt")
        let tus = try TusServer([.store])
        var request = try tusRequest(folder.path.appending("in"), tus)
        request.maximumConcurrency = 1
        _ = try await run(request)
        // base64 of "a/b.txt".
        #expect(tus.metadata.count == 1 && tus.metadata[0].contains("filename YS9iLnR4dA=="), "\(tus.metadata)")
    }
}
