// SPDX-License-Identifier: Apache-2.0
import Metrics
import MetricsTestKit
import SnugImage
import SnugLedger
import SystemPackage
import Testing

@testable import SnugPipeline

/// The metrics of a daemon, by the events and states that it reports.
@Suite struct DaemonMetricsTests {
    private let factory = TestMetrics()
    private let metrics: DaemonMetrics
    private let job: Job

    init() async throws {
        metrics = DaemonMetrics(factory: factory)
        let ledger: any LedgerStore = InMemoryLedger()
        let new = NewJob(JobIdentity(contentHash: "a", pipeline: "fit"), name: "a.jpg", folder: "inbox")
        job = try #require(try await ledger.enqueue([new]).first).job
    }

    private func tell(_ kinds: DaemonEvent.Kind...) {
        let subject = DaemonEvent.Subject(job: job.id, folder: "inbox", name: "a.jpg")
        for kind in kinds { metrics.record(DaemonEvent(kind, subject)) }
    }

    private func total(_ name: String, _ labels: (String, String)...) throws -> Int64 {
        try factory.expectCounter(name, [("folder", "inbox")] + labels).totalValue
    }

    @Test("Files, bytes, outcomes and their codes are counted for each folder")
    func counts() throws {
        let reason = JobReason(code: "corrupt_input", message: "it is broken")
        tell(.settled(isJoined: false), .settled(isJoined: true), .settled(isJoined: false))
        tell(.fitted(inputBytes: 5000, outputBytes: 700), .fitted(inputBytes: 1, outputBytes: 1))
        tell(.uploaded(bytes: 700), .submitted, .completed(images: 2, bytes: 900), .delivered(["a", "b"], bytes: 1400))
        tell(.failed(reason, report: nil), .held(reason))
        tell(.postponed(reason, until: LedgerInstant(milliseconds: 1), consumesAttempt: true))
        #expect(try total("snug_files_taken_total", ("joined", "false")) == 2)
        #expect(try total("snug_fit_input_bytes_total") == 5001)
        #expect(try total("snug_fit_output_bytes_total") == 701)
        #expect(try total("snug_upload_bytes_total") == 700)
        #expect(try total("snug_submissions_total") == 1)
        #expect(try total("snug_generated_images_total") == 2)
        #expect(try total("snug_generated_bytes_total") == 900)
        #expect(try total("snug_deliveries_total") == 2)
        #expect(try total("snug_delivered_bytes_total") == 1400)
        for outcome in ["delivered", "failed", "held"] {
            #expect(try total("snug_job_outcomes_total", ("outcome", outcome)) == 1)
        }
        #expect(try total("snug_failures_total", ("code", "corrupt_input")) == 1)
        #expect(try total("snug_retries_total", ("code", "corrupt_input"), ("counted", "true")) == 1)
    }

    @Test("Waits and steps are timed, each with how it ended")
    func times() throws {
        tell(.settled(isJoined: false), .began(.fit), .fitted(inputBytes: 1, outputBytes: 1))
        tell(.began(.deliver), .delivered(["a"], bytes: 3))
        let waits = try factory.expectTimer("snug_wait_seconds", [("step", "fit")])
        #expect(waits.values.count == 1)
        #expect(try factory.expectTimer("snug_wait_seconds", [("step", "deliver")]).values.count == 1)
        for step in ["fit", "deliver"] {
            let timer = try factory.expectTimer("snug_step_seconds", [("step", step), ("outcome", "done")])
            #expect(timer.values.count == 1)
        }
    }

    @Test("Cancelled jobs are an outcome, whoever cancelled them; those of earlier runs are not counted again")
    func cancelled() throws {
        for count in [3, 3, 5, 4, 6] {
            var books = LedgerBooks()
            books.seen = 10
            books.states = [.cancelled: count, .waiting: 10 - count]
            let folder = DaemonStatus.Folder(
                name: "inbox", inbox: "/in", watchMode: nil, hasEvents: true, isPresent: true, settlingCount: 0,
                unsettled: [:], hasMore: false, takenCount: 0, fileCount: 0, overflowCount: 0, books: books)
            metrics.record(
                DaemonStatus(phase: .running, folders: [folder], activities: [], holds: [], pause: nil, books: books))
        }
        // 3 were there; 2 came; 1 was retried; 2 came.
        #expect(try total("snug_job_outcomes_total", ("outcome", "cancelled")) == 4)
    }

    @Test("Jobs of every folder in the ledger are shown, and nothing of a folder that is gone")
    func folders() throws {
        func books(_ states: [JobState: Int]) -> LedgerBooks {
            var books = LedgerBooks()
            (books.seen, books.states) = (states.values.reduce(0, +), states)
            return books
        }
        func show(_ names: [String], _ folderBooks: [String: LedgerBooks]) {
            let folders = names.map { name in
                DaemonStatus.Folder(
                    name: name, inbox: "/in", watchMode: nil, hasEvents: true, isPresent: true, settlingCount: 0,
                    unsettled: [:], hasMore: false, takenCount: 0, fileCount: 0, overflowCount: 0,
                    books: folderBooks[name] ?? LedgerBooks())
            }
            var status = DaemonStatus(
                phase: .running, folders: folders, activities: [], holds: [], pause: nil, books: LedgerBooks())
            status.folderBooks = folderBooks
            metrics.record(status)
        }
        func gauge(_ name: String, _ labels: (String, String)...) -> Double? {
            (try? factory.expectGauge(name, labels))?.lastValue
        }
        show(["inbox"], ["inbox": books([.failed: 2])])
        show(["inbox", "new"], ["inbox": books([.failed: 2]), "http": books([.held: 1, .cancelled: 3])])
        #expect(gauge("snug_jobs", ("folder", "http"), ("state", "held")) == 1)
        #expect(gauge("snug_jobs", ("folder", "new"), ("state", "held")) == 0)
        #expect(gauge("snug_jobs_seen", ("folder", "http")) == 4)
        #expect(gauge("snug_folder_present", ("folder", "http")) == nil)
        let cancelled = try factory.expectCounter(
            "snug_job_outcomes_total", [("folder", "http"), ("outcome", "cancelled")])
        #expect(cancelled.totalValue == 3)
        // Renamed: the failed jobs of the old name are still there, and then they are not.
        show(["new"], ["inbox": books([.failed: 2])])
        #expect(gauge("snug_folder_present", ("folder", "inbox")) == nil)
        #expect(gauge("snug_jobs", ("folder", "inbox"), ("state", "failed")) == 2)
        show(["new"], [:])
        #expect(gauge("snug_jobs", ("folder", "inbox"), ("state", "failed")) == nil)
        #expect(gauge("snug_folder_present", ("folder", "new")) == 1)
    }

    @Test("The state of queues, folders and pauses is shown as it is, and overflows as they grow")
    func status() throws {
        var books = LedgerBooks()
        books.seen = 3
        books.states = [.waiting: 2, .failed: 1]
        var folder = DaemonStatus.Folder(
            name: "inbox", inbox: "/in", watchMode: "events", hasEvents: true, isPresent: true, settlingCount: 4,
            unsettled: [:], hasMore: false, takenCount: 0, fileCount: 5, overflowCount: 2, books: books)
        let host = FleetHost(
            id: "host:a", name: "a", role: .watch, state: .lost, worker: "w",
            work: FleetWork(steps: [], reach: ClaimReach(boundSteps: [], folders: [])), since: .now, seenAt: .now)
        func status() -> DaemonStatus {
            DaemonStatus(
                phase: .running, folders: [folder], activities: [], holds: [], pause: nil, books: books,
                memory: MemoryUse(total: 100, used: 30, waiting: 2),
                hosts: FleetHosts(hosts: [host, host], now: .now))
        }
        metrics.record(status())
        folder.overflowCount = 3
        folder.isPresent = false
        metrics.record(status())
        func gauge(_ name: String, _ labels: (String, String)...) throws -> Double? {
            try factory.expectGauge(name, labels).lastValue
        }
        #expect(try gauge("snug_jobs", ("folder", "inbox"), ("state", "waiting")) == 2)
        #expect(try gauge("snug_jobs", ("folder", "inbox"), ("state", "delivered")) == 0)
        #expect(try gauge("snug_files_settling", ("folder", "inbox")) == 4)
        #expect(try gauge("snug_folder_present", ("folder", "inbox")) == 0)
        #expect(try gauge("snug_phase", ("phase", "running")) == 1)
        #expect(try gauge("snug_phase", ("phase", "draining")) == 0)
        #expect(try gauge("snug_books_balanced") == 1)
        #expect(try gauge("snug_memory_budget_bytes") == 100)
        #expect(try gauge("snug_memory_reserved_bytes") == 30)
        #expect(try gauge("snug_memory_waiting") == 2)
        #expect(try gauge("snug_hosts", ("role", "watch"), ("state", "lost")) == 2)
        #expect(try gauge("snug_hosts", ("role", "work"), ("state", "running")) == 0)
        #expect(try total("snug_event_overflows_total") == 3)
    }
}
