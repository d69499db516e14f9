// SPDX-License-Identifier: Apache-2.0
import SystemPackage
import Testing

@testable import snug

@Suite struct TextTableTests {
    @Test("Columns align, also with wide and combining characters")
    func aligns() {
        var table = TextTable(alignments: [.left, .right])
        table.append(["日本", "1"])
        table.append(["e\u{301}", "1000"])
        #expect(table.text() == "日本     1\ne\u{301}     1000\n")
    }

    @Test("Colours take no room")
    func colours() {
        var table = TextTable(alignments: [.left, .left])
        table.append(["a", "x"], paint: .red)
        table.append(["bb", "y"])
        #expect(table.text(paint: Paint(isOn: true)) == "\u{1B}[31ma\u{1B}[0m   x\nbb  y\n")
        #expect(table.text(paint: Paint(isOn: false)) == "a   x\nbb  y\n")
    }

    @Test("A table that no terminal of this width holds has one cell a line, within its width")
    func stacked() {
        var table = TextTable(alignments: [.left, .left, .left])
        table.append(["fit.metadata", "gps, copyright, comment", "# snug.yaml:12"])
        table.append(["fit.limit", "", "# default"])
        #expect(
            table.text(columns: 24) == """
                fit.metadata
                  gps, copyright,
                  comment
                  # snug.yaml:12
                fit.limit
                  # default

                """)
        // Where there is room for it, the last column is wrapped.
        #expect(
            table.text(columns: 52) == """
                fit.metadata  gps, copyright, comment  #
                                                       snug.yaml:12
                fit.limit                              # default

                """)
    }

    @Test("Text is cut at a character", arguments: [(5, "日本…"), (4, "日…"), (1, "…"), (0, ""), (6, "日本語")])
    func cuts(columns: Int, expected: String) {
        #expect(TerminalText.cut("日本語", to: columns) == expected)
    }
}
