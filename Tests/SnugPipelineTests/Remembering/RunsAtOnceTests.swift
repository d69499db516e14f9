// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

/// Two runs of different processes at the same time, into one folder.
@Suite(.timeLimit(.minutes(2))) struct RunsAtOnceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> FilePath { folder.path.appending(FilePath(name).components) }

    /// Runs with a memory of its own in the ledger's file, as another process would.
    @discardableResult
    private func run(
        _ inputs: [String], fit: @escaping FitRun.Fit, change: (inout FitRequest) -> Void = { _ in }
    ) async throws -> FitReport {
        var request = FitRequest(inputs: inputs.map(path), destination: .folder(path("out")), maximumConcurrency: 2)
        let memory = LedgerOutputs(path("state/ledger.sqlite"))
        request.memory = memory
        change(&request)
        let report = try await FitRun(request, publisher: OutputPublisher(FilePublisher()), fit: fit).run()
        await memory.close()
        return report
    }

    @Test("Of two equal runs at once, one makes the output and the other finds it done")
    func equalRuns() async throws {
        try folder.write([1], to: "in/a.jpg")
        let started = Mutex(0)
        let fit: FitRun.Fit = { _, _, _ in
            started.withLock { $0 += 1 }
            while started.withLock({ $0 }) < 2 { try await Task.sleep(for: .milliseconds(1)) }
            return .fake(.bytes([7, 7]), byteCount: 2)
        }
        async let first = run(["in"], fit: fit)
        async let second = run(["in"], fit: fit)
        let reports = try await [first, second]
        #expect(reports.map { $0.count(.fitted) }.sorted() == [0, 1])
        #expect(reports.compactMap { $0.skipReasons[.done] } == [1])
        #expect(folder.files().filter { $0.hasPrefix("out/") } == ["out/a.jpg"])
        #expect(try await run(["in"], fit: fit).skipReasons == [.done: 1])
    }

    @Test("Of two runs with other options at once, the one that came last is remembered")
    func differentRuns() async throws {
        try folder.write([1], to: "in/a.jpg")
        try folder.write([2, 2], to: "in/b.jpg")
        let folder = folder
        let marked: FitRun.Fit = { _, _, policy in
            .fake(.bytes([UInt8(policy.qualityCeiling ?? 0)]), byteCount: 1)
        }
        try await run(["in"], fit: marked)
        try await run(["in"]) { [self] source, limits, policy in
            guard source.byteCount == 2 else { return try await marked(source, limits, policy) }
            while try folder.bytes(of: "out/a.jpg") != [70] { try await Task.sleep(for: .milliseconds(1)) }
            try await run(["in/a.jpg"], fit: marked) { $0.policy.qualityCeiling = 80 }
            return try await marked(source, limits, policy)
        } change: {
            $0.policy.qualityCeiling = 70
        }
        #expect(try folder.bytes(of: "out/a.jpg") == [80])
        let again = try await run(["in/a.jpg"], fit: marked) { $0.policy.qualityCeiling = 80 }
        #expect(again.skipReasons == [.done: 1])
    }
}
