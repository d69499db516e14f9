// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugSystem
import Testing

@testable import SnugServer

@Suite struct ReportFieldsTests {
    @Test("Keys become names of fields; what is not known has none")
    func fields() throws {
        let fields = ReportFields.fields(
            ["status": "fitted", "output_bytes": 12, "quality": nil, "scale": 0.5, "unknown": 1], warnings: [])
        #expect(
            fields.map { "\($0.name): \($0.value)" }.sorted() == [
                "Snug-Output-Bytes: 12", "Snug-Scale: 0.5", "Snug-Status: fitted",
            ])
    }

    @Test("Warnings are display strings, as RFC 9651 has them")
    func warnings() throws {
        let fields = ReportFields.fields([:], warnings: ["f\u{fc}\u{fc}", "a \"b\" 5%\r\nX: y"])
        #expect(fields.first?.value == #"%"f%c3%bc%c3%bc", %"a %22b%22 5%25%0d%0aX: y""#)
    }

    @Test("Phases are told in milliseconds, those that did not come to pass are left out")
    func phases() {
        var phases = RequestPhases()
        #expect(phases.serverTiming == "")
        phases.receiving = .microseconds(1_250)
        phases.processing = .seconds(2)
        #expect(phases.serverTiming == "receiving;dur=1.3, processing;dur=2000.0")
    }
}
