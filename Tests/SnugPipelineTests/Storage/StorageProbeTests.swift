// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

@testable import SnugPipeline

@Suite struct StorageProbeTests {
    private let server: FakeObjectServer
    private let folder: TemporaryFolder

    init() throws {
        server = try FakeObjectServer()
        folder = try TemporaryFolder()
    }

    private func probe() async throws -> [StorageProbe.Finding] {
        var options = BucketOptions()
        options.retry = RetryPolicy(maximumAttempts: 1)
        let client = BucketClient(
            try BucketAddress(name: "bkt", endpoint: try HTTPURL(server.endpoint)),
            settings: S3Settings(accessKeyID: "test", secretKey: Secret("testtest")), client: try makeClient(),
            options: options, logger: quietLogger)
        return try await StorageProbe(S3Storage(client, prefix: "p"), folder: folder.path).run()
    }

    private var leftovers: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path.string)) ?? [] }

    @Test("A storage that works passes every step, and nothing stays of the probe")
    func works() async throws {
        let findings = try await probe()
        #expect(findings.map(\.step) == [.list, .put, .get, .clock, .delete])
        #expect(findings.allSatisfy { $0.fault == nil })
        #expect(server.keys.isEmpty && leftovers.isEmpty)
    }

    @Test("A storage that may not be listed, or not be written, is found out step by step")
    func refused() async throws {
        server.fail(403)
        let noList = try await probe()
        #expect(noList.map { $0.fault?.code } == [.refused, nil, nil, nil, nil])
        #expect(noList[0].fault?.message.contains("check the keys") == true)
        // The list works, and the look before storing does not.
        server.fail(200, 403)
        let noPut = try await probe()
        #expect(noPut.map(\.step) == [.list, .put] && noPut[1].fault?.code == .refused)
        #expect(leftovers.isEmpty)
    }

    @Test("A storage whose clock is wrong, or that keeps what was removed, is found out")
    func odd() async throws {
        server.misdate(daysAgo: 2)
        let old = try await probe()
        #expect(old.first { $0.step == .clock }?.fault?.message.contains("2d") == true)
        server.misdate(daysAgo: 0)
        server.keepRemoved()
        let kept = try await probe()
        #expect(kept.last?.step == .delete && kept.last?.fault?.message.contains("still there") == true)
    }
}
