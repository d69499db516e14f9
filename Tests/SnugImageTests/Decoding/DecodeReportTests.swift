// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

@Suite struct DecodeReportTests {
    private func report(_ change: (inout DecodeReport) -> Void) -> DecodeReport {
        var report = DecodeReport()
        change(&report)
        return report
    }

    @Test("Nothing found is no error and no note")
    func sound() {
        let report = report { $0.totalRows = 10 }
        #expect(report.error == nil && report.notes.isEmpty && report.damagedPercentage == nil)
    }

    @Test("Warnings alone are notes, not errors; those left out are counted")
    func warnings() {
        let report = report {
            $0.warnings = ["odd", "odder"]
            $0.warningCount = 7
        }
        #expect(report.error == nil)
        #expect(report.notes == ["codec: odd", "codec: odder", "codec: 5 further warnings"])
    }

    @Test(
        "The share of damaged rows is rounded up",
        arguments: [(0, 100, "100 %"), (99, 100, "1 %"), (999, 1000, "1 %"), (50, 100, "50 %"), (1, 3, "67 %")])
    func share(good: Int, total: Int, text: String) {
        let report = report {
            $0.isDamaged = true
            $0.goodRows = good
            $0.totalRows = total
        }
        #expect(report.error?.message.contains("about \(text) of the rows") == true)
        #expect(report.notes.first == "partly recovered: about \(text) of the rows could not be read and is filled")
        #expect(
            report.error?.details["good_rows"] == .integer(good) && report.error?.details["rows"] == .integer(total))
    }

    @Test("Damage of unknown extent has no figures")
    func unknownExtent() {
        let report = report {
            $0.isDamaged = true
            $0.totalRows = 9
        }
        #expect(report.damagedPercentage == nil && report.error?.details["rows"] == nil)
        #expect(report.error?.message.contains("some of it is wrong") == true)
        #expect(report.notes == ["partly recovered: part of the image could not be read and is filled"])
    }

    @Test(
        "The end of the file decides between truncated and corrupt, and both say what to do", arguments: [true, false])
    func codes(endedEarly: Bool) throws {
        let report = report {
            $0.isDamaged = true
            $0.endedEarly = endedEarly
            $0.warnings = ["Corrupt JPEG data"]
            $0.warningCount = 3
        }
        let error = try #require(report.error)
        #expect(error.code == (endedEarly ? .truncatedInput : .corruptInput))
        #expect(error.settings == [.recovery] && error.message.contains(ImageError.Setting.recovery.remedy))
        #expect(error.message.contains("(Corrupt JPEG data)") && error.details["codec_warnings"] == .integer(3))
    }

    @Test("A missing end marker alone is a note")
    func missingEnd() {
        let report = report { $0.endedEarly = true }
        #expect(report.error == nil && report.notes == ["the end marker is missing; every row of the image is there"])
    }
}
