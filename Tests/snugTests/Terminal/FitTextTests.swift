// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SystemPackage
import Testing

@testable import snug

@Suite struct FitRecordLineTests {
    private var fitted: FitRecord {
        var record = FitRecord(input: "in/a.png", status: .fitted, limitBytes: 10_000_000, inputBytes: 12_345_678)
        record.output = "out/a.jpg"
        record.outputBytes = 9_876_543
        record.size = PixelSize(width: 6000, height: 4000)
        record.outputSize = PixelSize(width: 5400, height: 3600)
        record.format = .jpeg
        record.quality = 84.5
        record.scale = 0.9
        record.encodes = 1
        record.seconds = 1.25
        return record
    }

    @Test("A line tells what happened, with nothing that a terminal would obey")
    func line() {
        #expect(
            fitted.line
                == "in/a.png → out/a.jpg: fitted, 12.3 MB → 9.87 MB, 6000×4000 → 5400×3600, quality 84.5")
        var failed = FitRecord(input: "a\u{1B}[2J.jpg", status: .failed, limitBytes: 1)
        failed.error = ImageError(.corruptInput, "bad \u{7}")
        #expect(failed.line == "a\\u{1b}[2J.jpg: failed: bad \\u{7} (corrupt_input)")
    }

    @Test("A skipped input has its reason, and the option that changes it")
    func skipped() {
        var record = FitRecord(input: "a.jpg", status: .skipped, limitBytes: 1)
        record.skipReason = .outputExists
        #expect(record.line == "a.jpg: skipped, a file that snug did not make has this name (--overwrite replaces it)")
        record.skipReason = .symbolicLink
        #expect(record.line == "a.jpg: skipped, a symbolic link (--follow-links follows it)")
    }
}

@Suite struct FitReportTextTests {
    private func record(_ status: FitRecord.Status, _ input: Int? = nil, _ output: Int? = nil) -> FitRecord {
        var record = FitRecord(input: "a.jpg", status: status, limitBytes: 1, inputBytes: input)
        record.outputBytes = output
        if status == .failed { record.error = ImageError(.corruptInput, "is damaged; get it again") }
        return record
    }

    @Test("The table adds up, and failures follow with what to do")
    func table() {
        var summary = FitReport()
        summary.add(record(.fitted, 30_000_000, 10_000_000))
        summary.add(record(.copied, 10_000_000, 10_000_000))
        summary.add(record(.skipped))
        summary.add(record(.failed, 5_000_000))
        #expect(
            summary.text() == """
                done     images  bytes in  bytes out  saved
                fitted        1   30.0 MB    10.0 MB   66 %
                copied        1   10.0 MB    10.0 MB    0 %
                skipped       1
                failed        1
                total         4   40.0 MB    20.0 MB   50 %

                1 failure:
                  a.jpg: is damaged; get it again (corrupt_input)

                """)
    }

    @Test("A million failures are counted, and not all kept")
    func bounded() {
        var summary = FitReport()
        for _ in 0..<(FitReport.maximumListed + 50) { summary.add(record(.failed)) }
        #expect(summary.count(.failed) == FitReport.maximumListed + 50)
        #expect(summary.failures.count == FitReport.maximumListed)
        #expect(summary.text().contains("and 50 more"))
    }

    @Test("A run without inputs has no table")
    func empty() { #expect(FitReport().text().isEmpty) }
}
