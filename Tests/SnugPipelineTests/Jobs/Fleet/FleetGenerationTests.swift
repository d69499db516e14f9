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

    private func host(_ account: Account, fits: Int = 0, model: String? = nil) async throws -> Daemon {
        try await fleet.host(
            "a", fits: fits, Pipeline([.fit, .generate]) ?? .fit, accounts: [account],
            folder: { $0.generation = GenerationSettings(account: "main", prompt: "a lighthouse", model: model) })
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

    /// Lets a host receive a paid image that it cannot store, and lose its disk; it has been away for two hours then.
    private func loseImage(_ account: Account, _ simulator: Simulator, model: String? = nil) async throws {
        let fleet = fleet
        try fleet.folder.write(WatchImages.small(1), to: "a/inbox/a.jpg")
        try await fleet.ledger.pause(.step(.submit), until: nil, reason: JobReason(code: "test", message: "a test"))
        let daemons = [try await host(account, model: model), try await fleet.worker("fitter", steps: [.fit])]
        try await fleet.whileRunning(daemons) {
            try await fleet.waitUntil("the fit") { try await fleet.jobs().first?.step == .submit }
            fleet.storage.fail(with: StorageError(.unavailable, "away"), storingOnly: true)
            try await fleet.ledger.unpause(.step(.submit))
            try await fleet.waitUntil("the refusal") { fleet.storage.refusedCount > 0 }
        }
        fleet.storage.fail(with: nil)
        for name in ["spool", "jobs"] {
            let place = fleet.folder.path.appending("a/state/\(name)")
            if FileSystem.isFolder(place) { try FileSystem.rename(place, fleet.folder.path.appending("lost-\(name)")) }
        }
        #expect(simulator.ledger.charges.count == 1)
        try await fleet.makeHosts(seenSecondsAgo: 7200)
        try await fleet.retryAll(soon: true)
    }

    @Test("Images that were lost with their host are paid for again when a person says so, and not before")
    func imagesLost() async throws {
        try await withSimulator { simulator in
            let (account, fleet) = (try account(simulator), fleet)
            try await loseImage(account, simulator)
            try await fleet.whileRunning([try await fleet.worker("other", accounts: [account])]) {
                try await fleet.waitUntil("the hold") { try await fleet.jobs().first?.state == .held }
            }
            let report = try await JobReport(of: try await fleet.jobs()[0].id, in: fleet.ledger, now: .now)
            #expect(report.next.contains("snug jobs retry") && report.next.contains("--pay-again"))
            #expect(report.job.reason?.message.contains("host a, not seen since") == true)
            #expect(simulator.ledger.charges.count == 1)
            try await fleet.ledger.resolve(try await fleet.jobs().map(\.id), .payAgain)
            try await fleet.whileRunning([try await host(account)]) {
                try await fleet.waitUntil("the result") { fleet.files("a/done") == ["a.jpg"] }
            }
            #expect(simulator.ledger.charges.count == 2 && fleet.files("a/outbox").count == 1)
        }
    }

    @Test("A provider that keeps jobs is asked again for images that were lost with their host, which costs nothing")
    func imagesAskedAgain() async throws {
        try await withSimulator { simulator in
            let fleet = fleet
            var account = Account(name: "main", provider: .elumenta)
            account.baseURL = simulator.addresses.base[.elumenta]
            // Its results are on another port.
            account.allowsInternalAddresses = true
            account.key = .file(try fleet.folder.write(Array(ElumentaAccount.key("elite").utf8), to: "elumenta"))
            let key = try fleet.folder.write(Array("sk_paid".utf8), to: "key")
            account.imageHost = Account.ImageHosting(baseURL: simulator.addresses.base[.media], key: .file(key))
            let keeper = account
            try await loseImage(keeper, simulator, model: "flux-kontext-pro")
            try await fleet.whileRunning([try await fleet.worker("other", accounts: [keeper])]) {
                try await fleet.waitUntil("the images") { try await fleet.jobs().first?.step == .deliver }
            }
            try await fleet.whileRunning([try await host(keeper, model: "flux-kontext-pro")]) {
                try await fleet.waitUntil("the result") { fleet.files("a/done") == ["a.jpg"] }
            }
            #expect(simulator.ledger.charges.count == 1 && fleet.files("a/outbox").count == 1)
            #expect(simulator.ledger.duplicates.isEmpty)
        }
    }
}
