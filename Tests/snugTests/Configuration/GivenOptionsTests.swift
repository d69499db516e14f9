// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import snug

@Suite struct GivenOptionsTests {
    private static let cases: [([String], Set<String>)] = [
        (["--limit", "5MB", "a"], ["limit"]), (["--limit=5MB"], ["limit"]), (["-nq"], ["dry-run", "quiet"]),
        (["-o", "--json"], ["output"]), (["-qo", "x", "-n"], ["dry-run", "output", "quiet"]),
        (["-ox", "--", "--json"], ["output"]), (["-", "--unknown", "-Z"], []),
        (["--state-directory", "x"], ["state", "state-directory"]),
    ]

    @Test("Options are found by long and short names, in clusters, and not among values or after --", arguments: cases)
    func found(arguments: [String], names: Set<String>) throws {
        #expect(GivenOptions(arguments, of: try CommandDescription(FitCommand.self).options).names == names)
    }
}
