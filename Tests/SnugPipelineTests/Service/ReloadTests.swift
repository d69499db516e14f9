// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Settings that a running daemon takes, and those that need a restart: none is silently other than the file's.
@Suite struct ReloadTests {
    private static func service() -> ServiceConfiguration {
        var service = ServiceConfiguration(watch: WatchConfiguration(stateDirectory: "/state"))
        service.watch.workers = WatchConfiguration.Workers(fits: 4)
        service.watch.memory = 1 << 30
        return service
    }

    private struct Change: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var keys: [String]
        var apply: @Sendable (inout ServiceConfiguration) -> Void

        init(_ name: String, _ keys: [String], _ apply: @escaping @Sendable (inout ServiceConfiguration) -> Void) {
            testDescription = name
            self.keys = keys
            self.apply = apply
        }
    }

    private static let changes = [
        Change("nothing", []) { _ in },
        Change("state", ["state_dir"]) { $0.watch.stateDirectory = "/elsewhere" },
        Change("ledger", ["ledger"]) { $0.ledger = "postgres://db.example/snug" },
        Change("storage", ["storage"]) { $0.storage = "file:///mnt/snug" },
        Change("storage_key", ["storage_key"]) { $0.storageKeys.secretKey = .environment("S3_KEY") },
        Change("host", ["host"]) { $0.host = "web1" },
        Change("memory", ["memory"]) { $0.watch.memory = 1 << 20 },
        Change("no memory", ["memory"]) { $0.watch.memory = nil },
        Change("more fits", ["workers.fits"]) { $0.watch.workers.fits = 5 },
        Change("fewer fits", []) { $0.watch.workers.fits = 1 },
        Change("more uploads", []) { $0.watch.workers.uploads = 9 },
        Change("plain http", ["network.allow_plain_http"]) { $0.network.allowsPlainHTTP = true },
        Change("authority", ["network.cacert"]) { $0.network.certificates = "/ca.pem" },
        Change("log", []) {
            $0.log.level = .debug
            $0.log.format = .json
        },
        Change("times", []) {
            $0.watch.drainTime = .seconds(1)
            $0.watch.retention.delivered = nil
        },
        Change("all", ["state_dir", "memory", "network.allow_plain_http"]) {
            $0.watch.stateDirectory = "/elsewhere"
            $0.watch.memory = 1
            $0.network.allowsPlainHTTP = true
        },
    ]

    @Test("What only a start can take is named by its keys", arguments: changes)
    private func keys(change: Change) {
        var changed = Self.service()
        change.apply(&changed)
        #expect(changed.keysNeedingRestart(since: Self.service()) == change.keys)
    }

    @Test("A reload that would not be in force is refused as a whole, and the old configuration stays")
    func refusesMemory() async throws {
        let fixture = try await DaemonFixture()
        var configuration = fixture.configuration()
        configuration.memory = 64 << 20
        let daemon = try fixture.daemon(configuration)
        let start = configuration
        try await fixture.whileRunning(daemon) {
            try await fixture.waitUntil { try await daemon.status().phase == .running }
            var changed = start
            changed.memory = 128 << 20
            changed.folders[0].outbox = fixture.folder.path.appending("other")
            let error = await #expect(throws: DaemonError.self) { try await daemon.reload(changed) }
            #expect(error?.code == .restartNeeded && error?.message.contains("memory") == true)
            #expect(error?.message.contains("restart") == true)
            try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
            try await fixture.waitUntil { fixture.files("outbox") == ["a.jpg"] }
            // With the old value again everything else is taken.
            changed.memory = start.memory
            try await daemon.reload(changed)
            try fixture.folder.write(WatchImages.small(2), to: "inbox/b.jpg")
            try await fixture.waitUntil { fixture.files("other") == ["b.jpg"] }
        }
        try await fixture.checkBooks()
    }

    @Test("A reload is compared with the start, so that fewer workers and then all of them again are no restart")
    func workersComeBack() async throws {
        let fixture = try await DaemonFixture()
        let start = fixture.configuration()
        let daemon = try fixture.daemon(start)
        try await fixture.whileRunning(daemon) {
            try await fixture.waitUntil { try await daemon.status().phase == .running }
            for count in [1, 2] {
                var changed = start
                changed.workers.fits = count
                changed.drainTime = .seconds(count)
                try await daemon.reload(changed)
                #expect(daemon.drainTime == .seconds(count))
            }
            var more = start
            more.workers.fits = 3
            await #expect(throws: DaemonError.self) { try await daemon.reload(more) }
        }
    }
}
