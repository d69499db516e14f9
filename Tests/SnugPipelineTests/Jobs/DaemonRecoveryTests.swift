// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// What a daemon makes of the files that another one had in its work folder when it ended.
@Suite struct DaemonRecoveryTests {
    private let fixture: DaemonFixture

    init() async throws { fixture = try await DaemonFixture() }

    @Test("A delivered source is put away after a crash, although its job waits for another name of the same content")
    func deliveredBesideAnother() async throws {
        let configuration = fixture.configuration()
        let settings = configuration.folders[0]
        let options = FolderContext(settings, stateDirectory: fixture.state).options.text
        /// A file in the work folder, as it is put into the ledger.
        func taken(_ name: String) throws -> NewJob {
            let id = IntakeID.random()
            let work = "state/work/" + FolderContext.component(of: settings.name)
            try fixture.folder.write(WatchImages.small(1), to: "\(work)/\(id.text)/\(name)")
            let identity = JobIdentity(
                contentHash: "one content", pipeline: settings.pipeline.description, options: options,
                version: JobOptions.version)
            return NewJob(
                identity, name: name, folder: settings.name,
                source: SourceKey.moved(id, RelativePath(bytes: Array(name.utf8))).text, step: .fit)
        }
        _ = try await fixture.ledger.enqueue([taken("a.jpg")])
        let request = ClaimRequest([.fit], limit: 1, lease: .seconds(60))
        let claim = try #require(try await fixture.ledger.claim(request).first)
        _ = try await fixture.ledger.enqueue([taken("b.jpg")])
        // Delivered and recorded; the process ends before it puts the source away.
        let recorded = try await fixture.ledger.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease)
        #expect(recorded.job.state == .waiting)
        let report = try await fixture.daemon(configuration).runOnce()
        #expect(report.deliveredCount == 1 && fixture.files("outbox") == ["b.jpg"])
        for name in ["a.jpg", "b.jpg"] {
            #expect(try FileIdentity(of: settings.doneFolder.appending(name), followsLinks: false).kind == .file)
        }
    }
}
