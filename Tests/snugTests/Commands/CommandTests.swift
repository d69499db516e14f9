// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

/// The built program in an empty folder: arguments in; exit code, streams and files out.
@Suite struct CommandTests {
    private let folder: TemporaryFolder
    private let snug: CommandRunner

    init() throws {
        folder = try TemporaryFolder()
        snug = try CommandRunner(folder: folder.path)
    }

    private func image(width: Int = 300, height: Int = 200) -> [UInt8] {
        PNGBuilder(width: width, height: height).bytes
    }

    @Test(
        "Wrong usage exits with 64 and says what to write instead",
        arguments: [
            (["fit"], "<input>"),
            (["fit", "a.jpg"], "-o DIR"),
            (["fit", "a.jpg", "-o", "out", "--in-place"], "--in-place"),
            (["fit", "a.jpg", "-o", "out", "--limit", "ten"], "10MB"),
            (["fit", "a.jpg", "-o", "out", "--limit", "0"], "at least 1 byte"),
            (["fit", "a.jpg", "-o", "out", "--format", "heic"], "JPEG, PNG and WebP"),
            (["fit", "a.jpg", "-o", "out", "--format", "doc"], "auto, jpeg, png, webp or keep"),
            (["fit", "a.jpg", "-o", "out", "--for", "blusky"], "bluesky"),
            (
                ["fit", "a.jpg", "-o", "out", "--quality-floor", "90", "--quality-ceiling", "80"],
                "--quality-ceiling 80"
            ),
            (["fit", "a.jpg", "-o", "out", "--quality-floor", "101"], "1 to 100"),
            (["fit", "a.jpg", "-o", "out", "--background", "blurple"], "#rrggbb"),
            (["fit", "a.jpg", "-o", "out", "--jobs", "0"], "above 0"),
            (["fit", "a.jpg", "b.jpg", "-o", "-"], "one INPUT"),
            (["fit", "a.jpg", "-o", "-", "--json"], "--json"),
            (["fit", "a.jpg", "--in-place", "--format", "png"], "omit --format"),
            (["fit", "-", "--in-place"], "standard input"),
            (["fit", ".", "-o", "-"], "is a folder"),
            (["fit", "a.jpg", "-o", "x.png", "--format", "jpeg"], "omit --format"),
            (["fit", "a.jpg", "-o", "x.gif"], "end the name in .jpg, .png or .webp"),
            (["fit", "a.jpg", "-o", "out", "--max-side", "wide"], "Error: --max-side: 'wide' is no number"),
            (["fit", "", "-o", "out"], "<input>"), (["upload", "", "--to", "http://127.0.0.1/"], "<files>"),
            (["fit", ".", "-o", "."], "--in-place"),
            (["fit", "a.jpg", "-o", "out", "--for", "openai-edit-mask", "--format", "jpeg"], "does not take JPEG"),
            (["fit", "a.jpg", "-o", "out", "--colour"], "--colour"),
            (["profiles", "nowhere"], "snug profiles"),
            (["frobnicate"], "frobnicate"),
        ])
    func usage(arguments: [String], hint: String) throws {
        let result = try snug.run(arguments)
        #expect(result.exitCode == 64)
        #expect(result.standardError.contains(hint), "\(result.standardError)")
        #expect(result.standardOutput.isEmpty)
        #expect(folder.files().isEmpty)
    }

    @Test("A folder is fitted under the limit, mirrored, and told of as JSON")
    func fitsAFolder() throws {
        try folder.write(image(), to: "in/a.png")
        try folder.write(image(), to: "in/sub/b.png")
        try folder.write(Array("no image".utf8), to: "in/notes.txt")
        let result = try snug.run(["fit", "in", "-o", "out", "--limit", "20k", "--json"])
        #expect(result.exitCode == 0, "\(result.standardError)")
        #expect(result.lines.count == 3)
        #expect(result.lines.count { $0.contains(#""status":"skipped""#) } == 1)
        for name in ["out/a.png", "out/sub/b.png"] {
            let bytes = try #require(try folder.bytes(of: name))
            #expect(bytes.count <= 20_000 && bytes.starts(with: PNGBuilder.signature))
        }
        #expect(folder.files().filter { $0.hasPrefix("out/") } == ["out/a.png", "out/sub/b.png"])
    }

    @Test("One image goes to the file that -o names, in the format of its name")
    func namedOutput() throws {
        try folder.write(image(), to: "a.png")
        let result = try snug.run(["fit", "a.png", "-o", "out/small.jpg"])
        #expect(result.exitCode == 0, "\(result.standardError)")
        #expect(folder.files() == ["a.png", "out/small.jpg"])
        #expect(try folder.bytes(of: "out/small.jpg")?.starts(with: [0xFF, 0xD8]) == true)
        #expect(try snug.run(["fit", "a.png", "a.png", "-o", "x.jpg"]).exitCode == 0)
        #expect(folder.files().contains("x.jpg/a.png"))
    }

    @Test("A format that is asked for is made, under its extension")
    func converts() throws {
        try folder.write(image(), to: "a.png")
        let result = try snug.run(["fit", "a.png", "-o", "out", "--format", "jpeg", "--max-side", "90", "--json"])
        #expect(result.exitCode == 0, "\(result.standardError)")
        #expect(result.standardOutput.contains(#""output":"out/a.jpg","status":"fitted","#))
        #expect(result.standardOutput.contains(#""width":300,"height":200,"output_width":90,"output_height":60,"#))
        #expect(try folder.bytes(of: "out/a.jpg")?.starts(with: [0xFF, 0xD8, 0xFF]) == true)
    }

    @Test("A second run does nothing, and --overwrite does all again")
    func runsAgain() throws {
        try folder.write(image(), to: "in/a.png")
        #expect(try snug.run(["fit", "in", "-o", "out"]).exitCode == 0)
        let again = try snug.run(["fit", "in", "-o", "out", "--json"])
        #expect(again.exitCode == 0)
        #expect(again.standardOutput.contains(#""status":"skipped""#))
        #expect(try snug.run(["fit", "in", "-o", "out", "--json", "--overwrite"]).standardOutput.contains("copied"))
    }

    @Test("One bad file: exit code 1, its reason at the end, the others done")
    func oneBadFile() throws {
        try folder.write(image(), to: "in/a.png")
        try folder.write(Array(image().prefix(90)), to: "in/b.png")
        let result = try snug.run(["fit", "in", "-o", "out"])
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("1 failure:\n  in/b.png: "))
        #expect(folder.files().filter { $0.hasPrefix("out/") } == ["out/a.png"])
    }

    @Test("--quiet tells of errors only")
    func quiet() throws {
        try folder.write(image(), to: "a.png")
        #expect(try snug.run(["fit", "a.png", "-o", "out", "--quiet"]).standardError.isEmpty)
        let failing = try snug.run(["fit", "gone.png", "-o", "out", "--quiet"])
        #expect(failing.exitCode == 1)
        #expect(failing.standardError.split(separator: "\n").count == 1)
        #expect(failing.standardError.contains("(not_found)"))
    }

    @Test("From standard input to standard output, with nothing but the image there")
    func pipes() throws {
        let result = try snug.run(["fit", "-", "-o", "-", "--limit", "20k"], input: image())
        #expect(result.exitCode == 0, "\(result.standardError)")
        #expect(result.standardOutputBytes.starts(with: PNGBuilder.signature))
        #expect(result.standardOutputBytes.count <= 20_000)
        #expect(folder.files().isEmpty)
    }

    @Test("A file whose name is no UTF-8 is fitted, and JSON carries its bytes")
    func brokenName() throws {
        let name: [UInt8] = [0x61, 0xFF] + Array(".png".utf8)
        try folder.write(image(), toName: name)
        let result = try snug.run([Array("fit".utf8), name, Array("-o".utf8), Array("out".utf8), Array("--json".utf8)])
        #expect(result.exitCode == 0, "\(result.standardError)")
        #expect(result.standardOutput.contains(#""input_hex":"61ff2e706e67""#))
        let output = try FileDescriptor.open(folder.path(ofName: Array("out/".utf8) + name), .readOnly)
        try output.close()
    }

    @Test("In place, a file is made to comply, and then is left alone")
    func inPlace() throws {
        try folder.write(image(), to: "a.png")
        #expect(try snug.run(["fit", "a.png", "--in-place", "--limit", "20k"]).exitCode == 0)
        let bytes = try #require(try folder.bytes(of: "a.png"))
        #expect(bytes.count <= 20_000)
        let again = try snug.run(["fit", "a.png", "--in-place", "--limit", "20k", "--json"])
        #expect(again.standardOutput.contains(#""status":"copied""#))
        #expect(try folder.bytes(of: "a.png") == bytes)
        #expect(folder.files() == ["a.png"])
    }

    @Test("A plan writes nothing")
    func plans() throws {
        try folder.write(image(), to: "a.png")
        let result = try snug.run(["fit", "a.png", "-o", "out", "--dry-run", "--max-side", "90", "--json"])
        #expect(result.exitCode == 0)
        #expect(result.standardOutput.contains(#""status":"fitted""#))
        #expect(folder.files() == ["a.png"])
    }

    @Test("An output folder that cannot be made is told of for each file")
    func badOutput() throws {
        try folder.write(image(), to: "a.png")
        try folder.write([1], to: "file")
        let result = try snug.run(["fit", "a.png", "-o", "file/out", "--json"])
        #expect(result.exitCode == 1)
        #expect(result.standardOutput.contains(#""status":"failed""#))
        #expect(folder.files() == ["a.png", "file"])
    }

    @Test("A full standard output fails, a reader that has seen enough does not")
    func standardOutputFails() throws {
        try folder.write(image(), to: "a.png")
        var shell = snug
        shell.program = "/bin/sh"
        let program = snug.program.string
        let full = try shell.run(["-c", "'\(program)' fit a.png -o - > /dev/full"])
        #expect(full.exitCode == 1)
        #expect(full.standardError.contains("disk_full"))
        for line in ["profiles --json", "--version", "help fit", "fit --help"] {
            #expect(try shell.run(["-c", "'\(program)' \(line) > /dev/full"]).exitCode == 1, "\(line)")
        }
        let piped = try shell.run(["-c", "{ '\(program)' profiles --json; echo $? >&2; } | head -n 1"])
        #expect(piped.lines.count == 1)
        #expect(piped.standardError == "0\n")
    }

    @Test("Version, completions and help come on standard output")
    func about() throws {
        #expect(try snug.run(["--version"]).standardOutput == "0.1.0\n")
        let completions = try snug.run(["--generate-completion-script", "bash"])
        #expect(completions.exitCode == 0)
        #expect(completions.standardOutput.contains("anthropic-vision"))
        #expect(try snug.run([]).standardOutput.contains("SUBCOMMANDS"))
    }
}
