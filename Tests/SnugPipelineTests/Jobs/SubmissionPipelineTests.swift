// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import SnugLedger
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline

/// Images that programs hand to a daemon for the pipeline of one of its folders.
@Suite struct SubmissionPipelineTests {
    private let fixture: DaemonFixture

    init() async throws { fixture = try await DaemonFixture() }

    private static func submission(_ base: WatchFolder, _ sidecar: String = "{}") throws -> Submission {
        var submission = Submission(
            name: "a.jpg", content: .bytes(WatchImages.small(1)), limits: base.limits, policy: base.policy,
            hasTarget: base.hasTarget)
        submission.base = base
        guard case .object(let members)? = JSONValue(parsing: Array(sidecar.utf8)) else { return submission }
        submission.sidecar = try Sidecar(members)
        return submission
    }

    private var generating: WatchFolder {
        var folder = fixture.watchFolder(Pipeline([.fit, .generate]) ?? .fit)
        folder.generation = GenerationSettings(account: "main", prompt: "a lighthouse")
        folder.maximumAttempts = 3
        return folder
    }

    @Test("It has the folder's stages, account and attempts, and the places of submissions")
    func place() throws {
        let folder = try Self.submission(generating).folder(in: "/state")
        #expect(folder.pipeline.stages == [.fit, .generate] && folder.generation?.account == "main")
        #expect(folder.maximumAttempts == 3 && folder.priority == .interactive && folder.source == .delete)
        #expect(folder.inbox.starts(with: "/state") && folder.outbox.starts(with: "/state"))
        #expect(folder.name == SubmissionFolder.name)
    }

    @Test(
        "Options are checked before anything is written, and the message names the key",
        arguments: [
            (#"{"prompt": "a boat", "n": 2}"#, ""), (#"{"prompt": " "}"#, "there is no prompt"),
            (#"{"n": 0}"#, "\"n\" is 0"), (#"{"size": "large"}"#, "no size such as 1024x1024"),
            (#"{"provider": "mian"}"#, "did you mean \"main\"?"),
            (#"{"profile": "blusky"}"#, "did you mean \"bluesky\"?"),
        ])
    func check(sidecar: String, fault: String) async throws {
        var configuration = fixture.configuration()
        configuration.folders = [generating]
        var account = Account(name: "main", provider: .pollinations)
        account.key = .file(try fixture.folder.write([1], to: "key"))
        configuration.accounts = [account]
        let daemon = try fixture.daemon(configuration)
        let submission = try Self.submission(generating, sidecar)
        if fault.isEmpty { return try daemon.check(submission) }
        let error = #expect(throws: WatchError.self) { try daemon.check(submission) }
        #expect(error?.message.contains(fault) == true, "\(error?.message ?? "")")
        #expect(error?.message.hasPrefix(Sidecar.introduction) == true)
    }

    @Test("A submission names folders as the configuration does, also where the ledger adds the host")
    func names() async throws {
        for role in [FleetRole.alone, .host("web1"), .host("")] {
            var configuration = fixture.configuration()
            configuration.role = role
            let daemon = try fixture.daemon(configuration)
            #expect(daemon.configuredFolders.map(\.name) == ["inbox"])
        }
    }

    @Test("The image of a submission with a pipeline is carried out, and its folder's outbox stays as it is")
    func runs() async throws {
        let daemon = try fixture.daemon()
        let base = fixture.watchFolder()
        try await fixture.whileRunning(daemon) { [fixture] in
            try await fixture.waitUntil { try await daemon.status().phase == .running }
            let id = try #require(try await daemon.submit([try Self.submission(base)]).first).job.id
            try await fixture.waitUntil { try await fixture.ledger.job(id).state == .delivered }
        }
        #expect(fixture.files("outbox") == [] && fixture.files("inbox") == [])
        try await fixture.checkBooks()
    }
}
