// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import snug

/// Help on terminals that are narrower than the two columns of the argument parser.
@Suite struct HelpTextTests {
    private static let help = """
        OVERVIEW: Fits images.

        USAGE: snug fit [<options>] [<input> ...] -o <path>

        OUTPUT:
          -o, --output <path>     A folder for outputs, created when
                                  it is missing.
          --overwrite-everything <when>
                                  never, older or always.
          -h, --help              Show help information.
        """

    @Test("A narrow terminal has each description below its option")
    func narrow() {
        #expect(
            HelpText.fitted(Self.help, to: 30) == """
                OVERVIEW: Fits images.

                USAGE: snug fit [<options>]
                  [<input> ...] -o <path>

                OUTPUT:
                  -o, --output <path>
                      A folder for outputs,
                      created when it is
                      missing.
                  --overwrite-everything
                    <when>
                      never, older or always.
                  -h, --help
                      Show help information.
                """)
    }

    @Test("A wide terminal has the help as it is", arguments: [60, 80, 200])
    func wide(columns: Int) { #expect(HelpText.fitted(Self.help, to: columns) == Self.help) }

    @Test(
        "The help of every command fits into 40 columns, and loses no option",
        arguments: [
            "", "fit", "inspect", "upload", "generate", "models", "balance", "watch", "jobs", "jobs list", "jobs pause",
            "jobs prune", "profiles", "backup", "ledger copy", "storage sweep", "doctor",
        ])
    func commands(name: String) throws {
        let place = try CommandFolder()
        // The folder goes with its last reference.
        defer { withExtendedLifetime(place) {} }
        var runner = place.runner
        let arguments = name.split(separator: " ").map(String.init) + ["--help"]
        runner.environment["COLUMNS"] = "40"
        let narrow = try runner.run(arguments)
        #expect(narrow.exitCode == 0)
        #expect(narrow.lines.allSatisfy { $0.count <= 40 }, "\(narrow.lines.filter { $0.count > 40 })")
        runner.environment["COLUMNS"] = "100"
        let wide = try runner.run(arguments)
        func options(_ result: CommandResult) -> [String] {
            result.lines.compactMap { $0.firstMatch(of: /^  (?:-\w, )*(--[a-z0-9-]+)/).map { String($0.output.1) } }
        }
        #expect(options(narrow) == options(wide), "\(name)")
    }
}
