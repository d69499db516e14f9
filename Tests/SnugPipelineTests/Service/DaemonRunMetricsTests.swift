// SPDX-License-Identifier: Apache-2.0
import Metrics
import MetricsTestKit
import SnugImage
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// The metrics of whole runs, compared with the books and the files.
@Suite struct DaemonRunMetricsTests {
    private let factory = TestMetrics()
    private let metrics: DaemonMetrics
    private let fixture: DaemonFixture

    init() async throws {
        metrics = DaemonMetrics(factory: factory)
        fixture = try await DaemonFixture()
    }

    private func total(_ name: String, _ labels: (String, String)...) -> Int {
        (try? factory.expectCounter(name, labels)).map { Int($0.totalValue) } ?? 0
    }

    private func gauge(_ name: String, _ labels: (String, String)...) -> Int? {
        (try? factory.expectGauge(name, labels)).flatMap { $0.lastValue.map { Int($0) } }
    }

    /// Runs a daemon over the inbox to its end, with its metrics recorded.
    private func run(_ configuration: WatchConfiguration? = nil) async throws -> DaemonReport {
        let (metrics, fitter) = (metrics, ImageFitter(configuration: .init(memory: 64 << 20, threads: 2)))
        let daemon = try fixture.daemon(
            configuration, fit: { try await fitter.fit($0, limits: $1, policy: $2) }, memoryUse: { fitter.memoryUse },
            told: { metrics.record($0) })
        let report = try await daemon.runOnce()
        metrics.record(try await daemon.status())
        return report
    }

    @Test("The figures of a run are those of the books and of the files")
    func figures() async throws {
        for number in 0..<5 { try fixture.folder.write(WatchImages.small(number), to: "inbox/\(number).jpg") }
        try fixture.folder.write(WatchImages.small(0), to: "inbox/again.jpg")
        try fixture.folder.write(Array("no image at all".utf8), to: "inbox/bad.jpg")
        let report = try await run()
        let books = try #require(report.books["inbox"])
        let folder = ("folder", "inbox")
        #expect(total("snug_files_taken_total", folder, ("joined", "false")) == books.seen)
        #expect(total("snug_files_taken_total", folder, ("joined", "true")) == books.joined && books.joined == 1)
        #expect(total("snug_job_outcomes_total", folder, ("outcome", "failed")) == books.count(.failed))
        #expect(total("snug_failures_total", folder, ("code", "not_an_image")) == 1)
        // Each name is a delivery, whenever it joined.
        #expect(total("snug_deliveries_total", folder) == 6)
        for state in JobState.allCases {
            #expect(gauge("snug_jobs", folder, ("state", state.rawValue)) == books.count(state), "\(state)")
        }
        #expect(gauge("snug_jobs_seen", folder) == books.seen && gauge("snug_books_balanced") == 1)
        let bytes = try (0..<5).map { try #require(try fixture.folder.bytes(of: "outbox/\($0).jpg")).count }
        #expect(total("snug_fit_output_bytes_total", folder) == bytes.reduce(0, +))
        // The result of the content that came twice is delivered twice.
        let again = try #require(try fixture.folder.bytes(of: "outbox/again.jpg")).count
        #expect(total("snug_delivered_bytes_total", folder) == bytes.reduce(again, +))
        let inputs = (0..<5).map { WatchImages.small($0).count }
        #expect(total("snug_fit_input_bytes_total", folder) == inputs.reduce(0, +))
        // Every step has its time, and so has every wait before one.
        let fits = try factory.expectTimer("snug_step_seconds", [("step", "fit"), ("outcome", "done")])
        #expect(fits.values.count == 5 && fits.values.allSatisfy { $0 > 0 })
        #expect(
            try factory.expectTimer("snug_step_seconds", [("step", "fit"), ("outcome", "failed")]).values.count == 1)
        #expect(try factory.expectTimer("snug_wait_seconds", [("step", "fit")]).values.count == 6)
        #expect(gauge("snug_running", ("step", "fit")) == 0 && gauge("snug_phase", ("phase", "stopped")) == 1)
    }

    @Test("The memory budget is shown: all of it, what is reserved, and the images that wait for some")
    func memory() async throws {
        let fitter = ImageFitter(configuration: .init(memory: 64 << 20, threads: 2))
        #expect(fitter.memoryUse == MemoryUse(total: 64 << 20, used: 0, waiting: 0))
        try fixture.folder.write(WatchImages.jpeg, to: "inbox/a.jpg")
        _ = try await run()
        #expect(gauge("snug_memory_budget_bytes") == 64 << 20)
        #expect(gauge("snug_memory_reserved_bytes") == 0 && gauge("snug_memory_waiting") == 0)
    }

    @Test("Names are of one form, and no two instruments would be one name in an exposition")
    func names() async throws {
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        _ = try await run()
        let reason = JobReason(code: "outcome_unknown", message: "")
        let subject = DaemonEvent.Subject(
            job: try #require(try await fixture.jobs()["a.jpg"]).id, folder: "inbox", name: "a")
        for kind in [
            DaemonEvent.Kind.uploaded(bytes: 1), .submitted, .completed(images: 1, bytes: 1), .held(reason),
            .failed(reason, report: nil), .parked(account: "a", reason, until: .now), .paused(reason),
            .postponed(reason, until: .now, consumesAttempt: false),
        ] {
            metrics.record(DaemonEvent(kind, subject))
        }
        let counters = Set(factory.counters.map(\.label))
        let gauges = Set(factory.recorders.map(\.label))
        let timers = Set(factory.timers.map(\.label))
        for name in counters.union(gauges).union(timers) {
            #expect(name.hasPrefix("snug_") && name.allSatisfy { $0.isLowercase || $0 == "_" }, "\(name)")
        }
        #expect(counters.allSatisfy { $0.hasSuffix("_total") } && timers.allSatisfy { $0.hasSuffix("_seconds") })
        // An exposition takes the ending off (OpenMetrics 1.0, counters).
        let families = counters.map { String($0.dropLast("_total".count)) }
        #expect(gauges.intersection(families).isEmpty && timers.intersection(families).isEmpty)
        #expect(counters.count >= 14 && gauges.count >= 14)
    }
}
