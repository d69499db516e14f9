// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugSystem
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

@testable import SnugPipeline

/// Totals and errors of any run, against sums made by hand.
@Suite struct ReportMathTests {
    @Test("Totals of random records are the sums of their parts, in any order", arguments: 0..<10)
    func totals(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let records = (0..<600).map { _ -> FitRecord in
            let status = FitRecord.Status.allCases.randomElement(using: &random) ?? .failed
            var record = FitRecord(input: "a", status: status, limitBytes: 1)
            if status != .failed, status != .skipped {
                record.inputBytes = .random(in: 1..<1_000_000, using: &random)
                record.outputBytes = .random(in: 1..<1_000_000, using: &random)
            }
            if status == .skipped { record.skipReason = FitRecord.SkipReason.allCases.randomElement(using: &random) }
            if Bool.random(using: &random) { record.warnings = ["odd"] }
            return record
        }
        var reports = [FitReport(), FitReport()]
        for record in records { reports[0].add(record) }
        for record in records.shuffled(using: &random) { reports[1].add(record) }
        for report in reports {
            for status in FitRecord.Status.allCases {
                let all = records.filter { $0.status == status }
                #expect(report.count(status) == all.count)
                #expect(report.totals[status]?.inputBytes ?? 0 == all.reduce(0) { $0 + ($1.inputBytes ?? 0) })
                #expect(report.totals[status]?.outputBytes ?? 0 == all.reduce(0) { $0 + ($1.outputBytes ?? 0) })
            }
            for reason in FitRecord.SkipReason.allCases {
                #expect(report.skipReasons[reason, default: 0] == records.count { $0.skipReason == reason })
            }
            let failures = records.count { $0.status == .failed }
            let warnings = records.count { !$0.warnings.isEmpty }
            #expect(report.failures.count + report.warnings.count + report.unlistedCount == failures + warnings)
        }
    }

    private let work = GenerationWork(
        request: GenerationRequest(prompt: "a"), destination: ImageDestination(folder: "/x", name: "a"), name: "n")

    private func outcome(
        _ status: GenerationOutcome.Status, cost: Double? = nil, isRecovered: Bool = false, attempts: Int = 1
    ) -> GenerationOutcome {
        var outcome = GenerationOutcome(work, status)
        outcome.generation.cost = cost
        outcome.generation.isRecovered = isRecovered
        outcome.generation.attempts = (0..<attempts).map {
            Attempt(number: $0 + 1, start: .zero, duration: .zero, outcome: .responded)
        }
        return outcome
    }

    @Test("Costs are those of this run: of images that were found again nothing, of a repeat that joined its cost")
    func costs() {
        var report = GenerationReport()
        for outcome in [
            outcome(.completed, cost: 0.25), outcome(.completed), outcome(.incomplete, cost: 0.5),
            outcome(.completed, cost: 4, isRecovered: true, attempts: 0),
            outcome(.completed, cost: 0.125, isRecovered: true, attempts: 1),
            outcome(.failed, cost: 8), outcome(.held, cost: 8), outcome(.pending, cost: 8),
        ] { report.add(outcome) }
        #expect(report.cost == 0.875 && report.recovered == 1 && report.done == 4 && report.incomplete == 1)
        #expect(report.failed == 1 && report.held == 1 && report.pending == 1 && !report.isAllDone)
    }

    @Test(
        "A run is all done only when every prompt has its images",
        arguments: [
            (.completed, true), (.incomplete, false), (.pending, false), (.held, false), (.failed, false),
        ] as [(GenerationOutcome.Status, Bool)])
    func allDone(status: GenerationOutcome.Status, isDone: Bool) {
        var report = GenerationReport()
        #expect(report.isAllDone)
        report.add(outcome(.completed))
        report.add(outcome(status))
        #expect(report.isAllDone == isDone)
    }

    @Test("What was left out was not started, and is no failure")
    func leftOut() {
        var report = GenerationReport()
        var outcome = outcome(.failed)
        outcome.wasStarted = false
        report.add(outcome)
        outcome.wasStarted = true
        outcome.isInterrupted = true
        report.add(outcome)
        #expect(report.notStarted == 2 && report.failed == 0 && !report.isAllDone)
    }

    @Test("An upload's error says how long to wait and where to resume")
    func uploadErrors() {
        let error = UploadError(
            .refused, "busy", resumption: .resumable(from: 7), status: 429, retryAfter: .milliseconds(2500))
        #expect(
            error.json(advice: "wait").description
                == #"{"code":"refused","message":"busy","details":{"status":429,"retry_after":2.5,"advice":"wait","resumable_from":7}}"#
        )
        for resumption in [UploadError.Resumption.startOver, .none] {
            let plain = UploadError(.tooLarge, "no", resumption: resumption).json(advice: "")
            #expect(plain["details"]?.members.map(\.key) == ["status", "retry_after", "advice"])
        }
    }

    @Test("A generation's error has its fields and suggestions as lists, and null where nothing is known")
    func generationErrors() throws {
        var error = GenerationError(.invalidRequest, "no")
        error.suggestions = ["flux", "turbo"]
        error.retryAfter = .seconds(3)
        error.jobID = "job"
        let details = try #require(error.json()["details"])
        #expect(details["suggestions"] == ["flux", "turbo"] && details["retry_after"] == .number(3))
        #expect(
            details["job"] == "job" && details.members.contains { $0.key == "status" && $0.value == .null }
                && details["fields"] == [])
    }

    @Test("Sizes are written with a cross, and durations with their fraction")
    func words() {
        #expect(PixelSize(width: 640, height: 480).description == "640×480")
        #expect(Duration.nanoseconds(1).inSeconds == 1e-9 && Duration.seconds(-2).inSeconds == -2)
    }
}
