// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import snug

/// What a worker shows and uses.
@Suite struct WorkerDisplayTests {
    @Test("A worker without folders shows what waits, and the longest of its works")
    func lines() {
        var status = DaemonStatus(
            phase: .running, folders: [], activities: [], holds: [], pause: nil, books: LedgerBooks(), memory: nil)
        #expect(WatchDisplay.lines(for: status) == ["0 waiting"])
        guard let job = JobID("01arz3ndektsv4rrffq69g5fav") else { return }
        status.activities = [(7, "a.jpg"), (1, "b.jpg")].map { seconds, name in
            DaemonStatus.Activity(job: job, folder: "in@a", name: name, step: .fit, duration: .seconds(seconds))
        }
        #expect(WatchDisplay.lines(for: status) == ["0 waiting  fit a.jpg (7 s) and 1 more"])
        status.pause = JobReason(code: "storage_unavailable", message: "the storage is away")
        #expect(WatchDisplay.lines(for: status).last == "stands still: the storage is away")
    }

    @Test("Each worker of a machine has a place of its own, for as long as it runs")
    func places() throws {
        let folder = try TemporaryFolder()
        var first: WorkerDirectory? = try WorkerDirectory.take(below: folder.path)
        let second = try WorkerDirectory.take(below: folder.path)
        #expect(first?.path == folder.path.appending("workers/1") && second.path == folder.path.appending("workers/2"))
        first = nil
        #expect(try WorkerDirectory.take(below: folder.path).path == folder.path.appending("workers/1"))
        withExtendedLifetime(second) {}
    }
}
