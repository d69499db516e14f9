// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

/// `inspect`, `profiles`, `doctor`, help, manual and completions.
@Suite struct OtherCommandTests {
    private let place: CommandFolder

    init() throws { place = try CommandFolder() }

    @Test("inspect tells a person what a file is and what fit would do")
    func inspectText() throws {
        try place.folder.write(CommandFolder.jpeg(64, 48), to: "a.jpg")
        let result = try place.snug("inspect", "a.jpg", "--max-side", "32")
        #expect(result.exitCode == 0 && result.standardError.isEmpty)
        for words in ["a.jpg\n", "JPEG", "64×48", "no, with 10.0 MB", "fit would"] {
            #expect(result.standardOutput.contains(words), "\(result.standardOutput)")
        }
    }

    @Test("inspect --json has its keys, and a file that cannot be read has an error")
    func inspectJSON() throws {
        try place.folder.write(CommandFolder.jpeg(64, 48), to: "a.jpg")
        let result = try place.snug("inspect", "a.jpg", "gone.jpg", "--json")
        #expect(result.exitCode == 1)
        let objects = try CommandFolder.objects(result)
        try #require(objects.count == 2)
        #expect(
            Set(objects[0].keys) == [
                "input", "format", "bytes", "width", "height", "upright_width", "upright_height", "orientation",
                "bits_per_sample", "colour_model", "alpha", "chroma_subsampling", "jpeg_process", "interlaced",
                "animated", "frames", "estimated_quality", "colour_space", "icc_profile_name", "metadata_bytes",
                "trailer", "warnings", "target", "limit_bytes", "complies", "violations", "plan", "error",
            ])
        #expect(objects[0]["width"] as? Int == 64 && objects[0]["complies"] as? Bool == true)
        #expect((objects[1]["error"] as? [String: Any])?["code"] as? String == "not_found")
    }

    @Test("inspect reads standard input")
    func inspectInput() throws {
        let result = try place.snug("inspect", "-", "--json", input: CommandFolder.jpeg(64, 48))
        #expect(try CommandFolder.objects(result).first?["width"] as? Int == 64)
    }

    @Test("Guards against hostile inputs are options of fit and inspect", arguments: ["fit", "inspect"])
    func guards(command: String) throws {
        try place.folder.write(CommandFolder.commented(bytes: 300_000), to: "a.jpg")
        let output = command == "fit" ? ["-o", "out"] : []
        let result = try place.runner.run([command, "a.jpg", "--max-input-metadata", "100kB"] + output)
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("raise it with --max-input-metadata"), "\(result.standardError)")
        let raised = ["--max-input-metadata", "1MB", "--max-input-chunks", "50", "--max-input-scans", "5"]
        let again = try place.runner.run([command, "a.jpg", "--max-input-scan-work", "100000"] + raised + output)
        #expect(again.exitCode == 0, "\(again.standardError)")
    }

    @Test("profiles lists names that --for takes, for people and for programs")
    func profiles() throws {
        let text = try place.snug("profiles")
        #expect(text.exitCode == 0 && text.standardOutput.contains("bluesky"))
        let names = try CommandFolder.objects(try place.snug("profiles", "--json")).compactMap { $0["name"] as? String }
        #expect(names.count == text.lines.count - 1)
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        for name in names { #expect(try place.snug("inspect", "a.jpg", "--for", name).exitCode == 0) }
    }

    @Test("doctor finds a machine that runs these tests in order")
    func doctor() throws {
        #expect(try place.snug("doctor").exitCode == 0)
        let objects = try CommandFolder.objects(try place.snug("doctor", "--json"))
        #expect(!objects.isEmpty && objects.allSatisfy { $0["state"] as? String != "fail" })
    }

    @Test("Every option in the help is in the manual", arguments: ["", "fit", "inspect", "profiles", "doctor"])
    func manual(command: String) throws {
        let help = try place.runner.run((command.isEmpty ? [] : [command]) + ["--help"])
        #expect(help.exitCode == 0 && help.standardOutput.contains("USAGE: snug"))
        let page = try String(contentsOfFile: Self.manualPath, encoding: .utf8)
        let words = help.standardOutput.split { !($0.isLetter || $0.isNumber || $0 == "-") }
        let options = Set(words.filter { $0.hasPrefix("--") && $0.count > 2 })
        #expect(!options.isEmpty)
        // troff writes a hyphen that is to be copied as \-.
        for option in options { #expect(page.contains(option.replacingOccurrences(of: "-", with: "\\-")), "\(option)") }
    }

    @Test("Completion scripts name the commands", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let result = try place.snug("--generate-completion-script", shell)
        #expect(result.exitCode == 0)
        for word in ["fit", "inspect", "profiles", "doctor"] { #expect(result.standardOutput.contains(word)) }
    }

    /// `man/snug.1` of this checkout.
    private static var manualPath: String {
        let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        return root.appendingPathComponent("man/snug.1").path
    }
}
