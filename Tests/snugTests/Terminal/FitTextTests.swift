// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SystemPackage
import Testing

@testable import snug

@Suite struct FitRecordLineTests {
    @Test("A line tells what happened, with nothing that a terminal would obey")
    func line() {
        var fitted = FitRecord(input: "b.png", status: .fitted, limitBytes: 1, inputBytes: 2_500_000)
        fitted.output = "small/b.jpg"
        (fitted.outputBytes, fitted.quality) = (999_999, 71)
        fitted.size = PixelSize(width: 300, height: 200)
        fitted.outputSize = PixelSize(width: 150, height: 100)
        #expect(
            fitted.line == "b.png → small/b.jpg: fitted, 2.50 MB → 999 kB, 300×200 → 150×100, quality 71")
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
