// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

/// The options that guard against hostile inputs, and completions for every shell.
@Suite struct GuardOptionTests {
    private let place: CommandFolder

    init() throws { place = try CommandFolder() }

    @Test("Guards against hostile inputs are options of fit and inspect", arguments: ["fit", "inspect"])
    func guards(command: String) throws {
        try place.folder.write(CommandFolder.commented(bytes: 300_000), to: "a.jpg")
        let output = command == "fit" ? ["-o", "out"] : []
        let result = try place.runner.run([command, "a.jpg", "--max-input-metadata", "100kB"] + output)
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("raise --max-input-metadata"), "\(result.standardError)")
        let raised = ["--max-input-metadata", "1MB", "--max-input-chunks", "50", "--max-input-scans", "5"]
        let again = try place.runner.run([command, "a.jpg", "--max-input-scan-work", "100000"] + raised + output)
        #expect(again.exitCode == 0, "\(again.standardError)")
    }

    @Test("Completion scripts name the commands", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let result = try place.snug("--generate-completion-script", shell)
        #expect(result.exitCode == 0)
        for word in ["fit", "inspect", "profiles", "doctor"] { #expect(result.standardOutput.contains(word)) }
    }
}
