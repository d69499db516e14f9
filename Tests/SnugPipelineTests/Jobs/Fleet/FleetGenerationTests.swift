// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugLedger
import SnugSimulator
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Paid generations that several hosts have a part in.
@Suite(.serialized) struct FleetGenerationTests {
    private let fleet: FleetFixture

    init() async throws { fleet = try await FleetFixture() }

    private func account(_ simulator: Simulator) throws -> Account {
        var account = Account(name: "main", provider: .pollinations)
        account.baseURL = simulator.addresses.base[.pollinations]
        account.key = .file(try fleet.folder.write(Array("sk_paid".utf8), to: "key"))
        return account
    }

    private func host(_ account: Account, fits: Int = 0) async throws -> Daemon {
        try await fleet.host(
            "a", fits: fits, Pipeline([.fit, .generate]) ?? .fit, accounts: [account],
            folder: { $0.generation = GenerationSettings(account: "main", prompt: "a lighthouse") })
    }

    @Test("One worker fits, another one generates, the host delivers; it is paid for once")
    func handsOver() async throws {
        try await withSimulator { simulator in
            let (account, fleet) = (try account(simulator), fleet)
            try fleet.folder.write(WatchImages.small(1), to: "a/inbox/a.jpg")
            // The host takes its file in; who fits has no account.
            try await fleet.whileRunning([try await host(account), try await fleet.worker("fitter", steps: [.fit])]) {
                try await fleet.waitUntil("the result") { fleet.files("a/done") == ["a.jpg"] }
            }
            #expect(fleet.files("a/outbox").count == 1 && simulator.ledger.charges.count == 1)
            #expect(fleet.count(on: "fitter") { if case .fitted = $0 { true } else { false } } == 1)
            // The same again on this host costs nothing.
            try fleet.folder.write(WatchImages.small(1), to: "a/inbox/b.jpg")
            try await fleet.whileRunning([try await host(account)]) {
                try await fleet.waitUntil("the second") { fleet.files("a/outbox").count == 2 }
            }
            #expect(simulator.ledger.charges.count == 1)
            try await fleet.check(hosts: ["fitter"])
        }
    }

    @Test("A generation that a worker received is collected by nobody else until its images are stored")
    func imagesElsewhere() async throws {
        try await withSimulator { simulator in
            let (account, fleet) = (try account(simulator), fleet)
            try fleet.folder.write(WatchImages.small(1), to: "a/inbox/a.jpg")
            try await fleet.ledger.pause(.step(.submit), until: nil, reason: JobReason(code: "test", message: "a test"))
            try await fleet.whileRunning([try await host(account), try await fleet.worker("fitter", steps: [.fit])]) {
                try await fleet.waitUntil("the job") { try await fleet.jobs().first?.step == .submit }
            }
            try await fleet.ledger.unpause(.step(.submit))
            // The worker receives the images while the storage is away, and is stopped.
            let receiver = try await fleet.worker("receiver", accounts: [account])
            try await fleet.whileRunning([receiver]) {
                try await fleet.waitUntil("the submission") { !simulator.ledger.charges.isEmpty }
                fleet.storage.fail(with: StorageError(.unavailable, "away"))
                try await fleet.waitUntil("the refusal") { fleet.storage.refusedCount > 0 }
            }
            fleet.storage.fail(with: nil)
            // Its disk is not there for others.
            let (place, away) = (fleet.folder.path.appending("receiver"), fleet.folder.path.appending("away"))
            try FileSystem.rename(place, away)
            let other = try await fleet.worker("other", accounts: [account])
            try await fleet.whileRunning([other]) {
                try await fleet.waitUntil("the reason") {
                    try await fleet.jobs().first?.reason?.code == "images_elsewhere"
                }
            }
            let words = try #require(try await fleet.jobs().first?.reason?.message)
            #expect(words.contains("worker") && words.contains("not seen since"), "\(words)")
            // Away for so long that a person is told. A retry looks again, and decides nothing.
            try await fleet.makeHosts(seenSecondsAgo: 7200)
            try await fleet.retryAll(soon: true)
            try await fleet.whileRunning([try await fleet.worker("other", accounts: [account])]) {
                try await fleet.waitUntil("the hold") { try await fleet.jobs().first?.state == .held }
            }
            let held = try #require(try await fleet.jobs().first)
            #expect(held.reason?.code == "images_lost" && held.isOutcomeUnknown && held.step == .reconcile)
            #expect(held.reason?.message.contains("snug jobs resolve") == true)
            try await fleet.retryAll()
            try await fleet.whileRunning([try await fleet.worker("other", accounts: [account])]) {
                try await fleet.waitUntil("the second hold") { try await fleet.jobs().first?.state == .held }
            }
            #expect(simulator.ledger.charges.count == 1)
            try await fleet.retryAll()
            // The one that has them brings them, once it is there again.
            try FileSystem.rename(away, place)
            let again = try await fleet.worker("receiver", accounts: [account])
            try await fleet.ledger.resolve(try await fleet.jobs().map(\.id), .pause(until: nil))
            try await fleet.ledger.resolve(try await fleet.jobs().map(\.id), .unpause)
            try await fleet.whileRunning([again, try await host(account)]) {
                try await fleet.waitUntil("the result") { fleet.files("a/done") == ["a.jpg"] }
            }
            #expect(simulator.ledger.charges.count == 1 && fleet.files("a/outbox").count == 1)
        }
    }

    @Test("Images that were lost with their host are paid for again when a person says so, and not before")
    func imagesLost() async throws {
        try await withSimulator { simulator in
            let (account, fleet) = (try account(simulator), fleet)
            try fleet.folder.write(WatchImages.small(1), to: "a/inbox/a.jpg")
            try await fleet.whileRunning([try await host(account), try await fleet.worker("fitter", steps: [.fit])]) {
                try await fleet.waitUntil("the submission") { !simulator.ledger.charges.isEmpty }
                fleet.storage.fail(with: StorageError(.unavailable, "away"))
                try await fleet.waitUntil("the refusal") { fleet.storage.refusedCount > 0 }
            }
            fleet.storage.fail(with: nil)
            try FileSystem.rename(
                fleet.folder.path.appending("a/state/spool"), fleet.folder.path.appending("lost-spool"))
            try? FileSystem.rename(
                fleet.folder.path.appending("a/state/jobs"), fleet.folder.path.appending("lost-jobs"))
            try await fleet.makeHosts(seenSecondsAgo: 7200)
            try await fleet.retryAll(soon: true)
            try await fleet.whileRunning([try await fleet.worker("other", accounts: [account])]) {
                try await fleet.waitUntil("the hold") { try await fleet.jobs().first?.state == .held }
            }
            #expect(simulator.ledger.charges.count == 1)
            try await fleet.ledger.resolve(try await fleet.jobs().map(\.id), .payAgain)
            try await fleet.whileRunning([try await host(account)]) {
                try await fleet.waitUntil("the result") { fleet.files("a/done") == ["a.jpg"] }
            }
            #expect(simulator.ledger.charges.count == 2 && fleet.files("a/outbox").count == 1)
        }
    }
}
