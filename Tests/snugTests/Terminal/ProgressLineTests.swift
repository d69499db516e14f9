// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SystemPackage
import Testing

@testable import snug

@Suite struct ProgressLineTests {
    private func record(_ status: FitRecord.Status, _ input: Int, _ output: Int?) -> FitRecord {
        var record = FitRecord(input: "a.jpg", status: status, limitBytes: 10, inputBytes: input)
        record.outputBytes = output
        return record
    }

    private var halfway: ProgressLine {
        var line = ProgressLine(total: 4, totalBytes: 40_000_000)
        line.finished(record(.fitted, 15_000_000, 5_000_000), plannedBytes: 15_000_000)
        line.finished(record(.failed, 5_000_000, nil), plannedBytes: 5_000_000)
        return line
    }

    @Test("A wide terminal sees bar, count, bytes, speed, time left and failures")
    func wide() {
        let text = halfway.text(columns: 110, elapsed: .seconds(10))
        #expect(
            text == "[###############---------------] 2/4  15.0 MB → 5.00 MB  0.2 images/s  0:10 left  1 failed")
    }

    @Test("The line never passes the terminal's width, and the count stays longest", arguments: 1...130)
    func fits(columns: Int) {
        let text = halfway.text(columns: columns, elapsed: .seconds(10))
        #expect(TerminalText.width(of: text) <= columns)
        if columns >= 3 { #expect(text.contains("2/4")) }
    }

    @Test("Before anything is done no speed and no time are claimed")
    func beginning() {
        let text = ProgressLine(total: 3, totalBytes: 100).text(columns: 79, elapsed: .seconds(5))
        #expect(text == "[------------------------------] 0/3  0 bytes → 0 bytes")
    }

    @Test("When all is done nothing is left")
    func end() {
        var line = ProgressLine(total: 1, totalBytes: 10)
        line.finished(record(.copied, 10, 10), plannedBytes: 10)
        #expect(!line.text(columns: 79, elapsed: .seconds(5)).contains("left"))
    }

    @Test("Nothing to do is shown as done")
    func empty() {
        #expect(ProgressLine(total: 0, totalBytes: 0).text(columns: 30, elapsed: .zero).contains("0/0"))
    }

    @Test("It is drawn at most ten times a second")
    func rate() {
        var line = ProgressLine(total: 1, totalBytes: 1)
        let drawn = (0..<1000).count { line.shouldDraw(at: .milliseconds($0)) }
        #expect(drawn == 10)
    }

    @Test("Long waits are told in hours")
    func hours() {
        var line = ProgressLine(total: 100, totalBytes: 100)
        line.finished(record(.fitted, 1, 1), plannedBytes: 1)
        #expect(line.text(columns: 110, elapsed: .seconds(100)).contains("2:45:00 left"))
    }
}
