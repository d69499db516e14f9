// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugHTTP
import SnugLedger
import SnugSimulator
import SnugTestSupport
import SnugUpload
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Files that become paid generations, at a simulated provider.
@Suite(.serialized) struct DaemonGenerationTests {
    private let fixture: DaemonFixture

    init() async throws { fixture = try await DaemonFixture() }

    private func configuration(
        _ simulator: Simulator, _ provider: Account.ProviderName = .pollinations,
        _ change: (inout WatchFolder) -> Void = { _ in }
    ) throws -> WatchConfiguration {
        let key = try fixture.folder.write(
            Array((provider == .openai ? "sk-main" : "sk_paid").utf8), to: "keys/\(provider.rawValue)")
        var account = Account(name: "main", provider: provider)
        account.baseURL = simulator.addresses.base[provider == .openai ? .openai : .pollinations]
        account.key = .file(key)
        var configuration = fixture.configuration(Pipeline([.fit, .generate]) ?? .fit) { folder in
            folder.generation = GenerationSettings(account: "main", prompt: "a lighthouse")
            change(&folder)
        }
        configuration.accounts = [account]
        return configuration
    }

    @Test("An image becomes one generation, charged once and delivered under its name")
    func generates() async throws {
        try await withSimulator { simulator in
            try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
            let report = try await fixture.daemon(try configuration(simulator)).runOnce()
            #expect(report.deliveredCount == 1 && report.isClean)
            #expect(fixture.files("outbox").count == 1 && fixture.files("outbox")[0].hasPrefix("a."))
            #expect(simulator.ledger.charges.count == 1 && fixture.files("done") == ["a.jpg"])
            // The same again is the same job, and costs nothing.
            try fixture.folder.write(WatchImages.small(1), to: "inbox/b.jpg")
            try await fixture.daemon(try configuration(simulator)).runOnce()
            #expect(fixture.files("outbox").count == 2 && simulator.ledger.charges.count == 1)
            try await fixture.checkBooks()
        }
    }

    @Test("A sidecar brings the prompt, and one with an unknown key fails with the nearest name")
    func sidecars() async throws {
        try await withSimulator { simulator in
            try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
            try fixture.folder.write(Array(#"{"prompt": "a red house"}"#.utf8), to: "inbox/a.jpg.json")
            try fixture.folder.write(WatchImages.small(2), to: "inbox/b.jpg")
            try fixture.folder.write(Array(#"{"promt": "a red house"}"#.utf8), to: "inbox/b.jpg.json")
            let configuration = try configuration(simulator) { $0.generation?.prompt = nil }
            let report = try await fixture.daemon(configuration).runOnce()
            #expect(report.deliveredCount == 1 && report.failedCount == 1)
            #expect(simulator.ledger.charges.map(\.prompt) == ["a red house"])
            let bytes = try fixture.folder.bytes(of: "failed/b.jpg.error.json") ?? []
            #expect(String(decoding: bytes, as: UTF8.self).contains("prompt"))
            #expect(fixture.files("failed") == ["b.jpg", "b.jpg.error.json", "b.jpg.json"])
            try await fixture.checkBooks()
        }
    }

    @Test(
        "A response that is lost after it was charged is held, never sent again, and paid again only on request"
    )
    func unknownOutcome() async throws {
        try await withSimulator { simulator in
            simulator.script(
                Rule(Fault(request: .closeAfterBody, takesEffect: true), service: .openai, method: "POST"))
            try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
            let configuration = try configuration(simulator, .openai)
            let report = try await fixture.daemon(configuration).runOnce()
            #expect(report.heldCount >= 1 && report.deliveredCount == 0)
            let job = try #require(try await fixture.jobs()["a.jpg"])
            #expect(
                job.state == .held && job.isOutcomeUnknown && job.reason?.code == JobReason.outcomeUnknown)
            #expect(simulator.ledger.charges.count == 1)
            // Another run, and a plain retry, change nothing.
            try await fixture.ledger.resolve([job.id], .retry)
            try await fixture.daemon(configuration).runOnce()
            #expect(simulator.ledger.charges.count == 1 && fixture.files("outbox") == [])
            try await fixture.ledger.resolve([job.id], .payAgain)
            try await fixture.daemon(configuration).runOnce()
            #expect(simulator.ledger.charges.count == 2 && fixture.files("outbox").count == 1)
            try await fixture.checkBooks()
        }
    }

    @Test(
        "An account without money is parked: its jobs wait, others go on, and nothing counts as an attempt"
    )
    func parked() async throws {
        try await withSimulator { simulator in
            simulator.script(
                Rule(Fault(answer: .status(code: 402)), service: .pollinations, method: "POST", times: nil))
            var configuration = try configuration(simulator)
            var other = fixture.watchFolder(inbox: "inbox2", outbox: "outbox2")
            other.name = "other"
            configuration.folders.append(other)
            try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
            try fixture.folder.write(WatchImages.small(2), to: "inbox/b.jpg")
            try fixture.folder.write(WatchImages.small(3), to: "inbox2/c.jpg")
            try await fixture.daemon(configuration).runOnce()
            #expect(fixture.files("outbox2") == ["c.jpg"] && fixture.files("outbox") == [])
            let jobs = try await fixture.jobs()
            #expect(
                ["a.jpg", "b.jpg"].allSatisfy { jobs[$0]?.state == .waiting && jobs[$0]?.attempt == 0 })
            let holds = try await fixture.ledger.holds()
            #expect(holds.map(\.kind) == [.park] && holds.map(\.scope) == [.account("main")])
            let refused = simulator.requests.count
            try await fixture.daemon(configuration).runOnce()
            #expect(simulator.requests.count == refused)
            // Topped up.
            simulator.clearScript()
            try await ParkedAccount("main", in: fixture.ledger).letGo(.ledger(fixture.ledger))
            try await fixture.daemon(configuration).runOnce()
            #expect(fixture.files("outbox").count == 2 && simulator.ledger.charges.count == 2)
            try await fixture.checkBooks()
        }
    }

    @Test("A daemon that is stopped within a generation resumes it, and pays nothing twice")
    func stoppedWithin() async throws {
        try await withSimulator { simulator in
            simulator.script(Rule(Fault(delay: 3000), service: .pollinations, method: "POST"))
            try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
            let configuration = try configuration(simulator)
            let daemon = try fixture.daemon(configuration)
            try await fixture.whileRunning(daemon) {
                try await simulator.wait { $0.contains { $0.method == "POST" } }
                await daemon.drain(within: .zero)
            }
            #expect(try await fixture.jobs()["a.jpg"]?.state == .waiting)
            try await fixture.daemon(configuration).runOnce()
            #expect(fixture.files("outbox").count == 1 && simulator.ledger.charges.count == 1)
            try await fixture.checkBooks()
        }
    }

    @Test(
        "Fit, upload and generate follow each other, and the receipt is delivered where nothing is generated"
    )
    func uploads() async throws {
        let targets = Mutex<[String]>([])
        let server = try FaultServer.storingPuts { target in targets.withLock { $0.append(target) } }
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try fixture.folder.write(WatchImages.small(2), to: "inbox/sub/a.jpg")
        let url = try server.address("/in/")
        let configuration = fixture.configuration(Pipeline([.fit, .upload]) ?? .fit) { folder in
            folder.upload = UploadSettings(url: url, uploadProtocol: .put)
            folder.upload?.headers = [UploadSettings.Header("x-test", .text("yes"))]
        }
        let report = try await fixture.daemon(configuration).runOnce()
        #expect(report.deliveredCount == 2 && report.isClean)
        // Two files of one name are two objects.
        #expect(Set(targets.withLock { $0 }) == ["/in/a.jpg", "/in/sub/a.jpg"])
        #expect(
            fixture.files("outbox") == [
                "a.jpg", "a.jpg.receipt.json", "sub/a.jpg", "sub/a.jpg.receipt.json",
            ])
        try await fixture.checkBooks()
    }
}
