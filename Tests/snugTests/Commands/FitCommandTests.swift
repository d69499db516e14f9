// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

/// `snug fit` as a program: arguments in; exit code, streams and files out.
@Suite struct FitCommandTests {
    private let place: CommandFolder

    init() throws { place = try CommandFolder() }

    @Test("A folder comes out mirrored, and exit code 0 says that all is done")
    func mirrors() throws {
        for name in ["in/a.jpg", "in/sub/deep/b.jpg"] { try place.folder.write(CommandFolder.jpeg(), to: name) }
        let result = try place.snug("fit", "in", "-o", "out")
        #expect(result.exitCode == 0, "\(result.standardError)")
        #expect(result.standardOutput.isEmpty)
        #expect(place.folder.files().filter { $0.hasPrefix("out/") } == ["out/a.jpg", "out/sub/deep/b.jpg"])
        #expect(try place.folder.bytes(of: "out/a.jpg") == CommandFolder.jpeg())
        #expect(result.standardError.contains("copied"))
    }

    @Test("A second run skips what is there, and --overwrite does it again")
    func reruns() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        try place.snug("fit", "a.jpg", "-o", "out")
        try place.folder.write([1], to: "out/a.jpg")
        let again = try place.snug("fit", "a.jpg", "-o", "out")
        #expect(again.exitCode == 0 && again.standardError.contains("skipped"))
        #expect(try place.folder.bytes(of: "out/a.jpg") == [1])
        #expect(try place.snug("fit", "a.jpg", "-o", "out", "--overwrite").exitCode == 0)
        #expect(try place.folder.bytes(of: "out/a.jpg") == CommandFolder.jpeg())
    }

    @Test("--in-place replaces a file by its output and leaves nothing beside it")
    func inPlace() throws {
        let large = CommandFolder.commented(bytes: 50_000)
        try place.folder.write(large, to: "a.jpg")
        let result = try place.snug("fit", "a.jpg", "--in-place", "--limit", "5kB")
        #expect(result.exitCode == 0, "\(result.standardError)")
        #expect(place.folder.files() == ["a.jpg"])
        #expect(try (place.folder.bytes(of: "a.jpg") ?? large).count <= 5000)
    }

    @Test("--dry-run says what would be done and writes nothing")
    func dryRun() throws {
        try place.folder.write(CommandFolder.jpeg(64, 64), to: "a.jpg")
        let result = try place.snug("fit", "a.jpg", "-o", "out", "--max-side", "32", "--dry-run", "--json")
        #expect(result.exitCode == 0)
        let object = try #require(try CommandFolder.objects(result).first)
        #expect(object["status"] as? String == "fitted" && object["output"] as? String == "out/a.jpg")
        #expect(place.folder.files() == ["a.jpg"])
    }

    @Test("'-' reads an image from standard input, and '-o -' writes one to standard output")
    func pipes() throws {
        let piped = try place.snug("fit", "-", "-o", "-", "--max-side", "32", input: CommandFolder.jpeg(64, 64))
        #expect(piped.exitCode == 0, "\(piped.standardError)")
        #expect(piped.standardOutputBytes.prefix(2) == [0xFF, 0xD8])
        #expect(piped.standardOutputBytes.suffix(2) == [0xFF, 0xD9])
        let saved = try place.snug("fit", "-", "-o", "out", input: CommandFolder.jpeg())
        #expect(saved.exitCode == 0 && place.folder.files() == ["out/stdin.jpg"], "\(place.folder.files())")
    }

    @Test("One bad file fails by itself: exit code 1, and the others are done")
    func oneBadFile() throws {
        try place.folder.write(Array(CommandFolder.jpeg(200, 200).dropLast(40)), to: "in/cut.jpg")
        try place.folder.write(CommandFolder.jpeg(), to: "in/good.jpg")
        try place.folder.write(Array("only words".utf8), to: "in/text.jpg")
        let result = try place.snug("fit", "in", "-o", "out")
        #expect(result.exitCode == 1)
        #expect(place.folder.files().filter { $0.hasPrefix("out/") } == ["out/good.jpg"])
        #expect(result.standardError.contains("in/cut.jpg") && result.standardError.contains("(truncated_input)"))
        #expect(result.standardError.contains("1 failure:"))
    }

    @Test("What is named and is no image fails")
    func namedText() throws {
        try place.folder.write(Array("only words".utf8), to: "text.jpg")
        let result = try place.snug("fit", "text.jpg", "-o", "out", "--json")
        #expect(result.exitCode == 1)
        let error = try CommandFolder.objects(result).first?["error"] as? [String: Any]
        #expect(error?["code"] as? String == "not_an_image")
    }

    @Test("A pipe with the name of an image does not block the run")
    func namedPipe() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "in/a.jpg")
        let result = try place.shell("mkfifo in/x.jpg && \"$SNUG\" fit in in/x.jpg -o out")
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("(not_a_regular_file)"), "\(result.standardError)")
        #expect(place.folder.files().contains { $0.hasPrefix("out/") && $0.hasSuffix("a.jpg") })
    }

    @Test("A link in a folder is not followed unless that was asked for")
    func links() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "elsewhere/secret.jpg")
        try place.folder.write(CommandFolder.jpeg(), to: "in/a.jpg")
        let link = "ln -s ../elsewhere in/folder; ln -s ../elsewhere/secret.jpg in/link.jpg;"
        _ = try place.shell("\(link) \"$SNUG\" fit in -o out")
        #expect(place.folder.files().filter { $0.hasPrefix("out/") } == ["out/a.jpg"])
        #expect(try place.snug("fit", "in", "-o", "followed", "--follow-links").exitCode == 0)
        #expect(place.folder.files().contains("followed/link.jpg"))
    }

    @Test("A name that is no UTF-8 comes out with the same bytes, and JSON carries them")
    func brokenNames() throws {
        let name = Array("in/\u{E9}".utf8) + [0xFF] + Array(".jpg".utf8)
        try place.folder.write(CommandFolder.jpeg(), toName: name)
        let result = try place.runner.run(
            [Array("fit".utf8), name, Array("-o".utf8), Array("out".utf8), Array("--json".utf8)])
        #expect(result.exitCode == 0, "\(result.standardError)")
        let object = try #require(try CommandFolder.objects(result).first)
        #expect(object["input_hex"] as? String == "696e2fc3a9ff2e6a7067")
        #expect(object["output_hex"] as? String == "6f75742fc3a9ff2e6a7067")
        #expect(String(validating: result.standardOutputBytes, as: UTF8.self) != nil)
    }

    @Test("Names with control characters are shown escaped, and names like options are files after --")
    func hostileNames() throws {
        let names = ["in/line\nbreak.jpg", "in/\u{1B}[2Jclear.jpg", "in/-rf.jpg"]
        for name in names { try place.folder.write(CommandFolder.jpeg(), to: name) }
        let result = try place.snug("fit", "in", "-o", "out")
        #expect(result.exitCode == 0)
        #expect(!result.standardError.contains("\u{1B}"))
        #expect(result.standardError.contains("in/line\\u{a}break.jpg"))
        #expect(place.folder.files().filter { $0.hasPrefix("out/") }.count == 3)
        try place.folder.write(CommandFolder.jpeg(), to: "-rf.jpg")
        #expect(try place.snug("fit", "-o", "dash", "--", "-rf.jpg").exitCode == 0)
        #expect(place.folder.files().contains("dash/-rf.jpg"))
    }

    @Test(
        "Wrong arguments exit with 64 and say what to do",
        arguments: [
            (["fit", "a.jpg"], "-o DIR"), (["fit", "-o", "out"], "input"),
            (["fit", "a.jpg", "-o", "out", "--lim"], "--lim"),
            (["fit", "a.jpg", "-o", "out", "--limit", "many"], "10MB"),
            (["fit", "a.jpg", "-o", "out", "--limit", "0"], "at least 1 byte"),
            (["fit", "a.jpg", "-o", "out", "--for", "openai"], "snug profiles"),
            (["fit", "a.jpg", "-o", "out", "--format", "webp"], "this build writes JPEG and PNG"),
            (["fit", "a.jpg", "-o", "out", "--in-place"], "--in-place"),
            (["fit", "a.jpg", "b.jpg", "-o", "-"], "one image"),
            (["fit", "a.jpg", "-o", "-", "--json"], "--json"),
            (["fit", "a.jpg", "-o", "out", "--quality-floor", "90", "--quality-ceiling", "80"], "--quality-ceiling"),
            (["fit", "a.jpg", "-o", "out", "--jobs", "0"], "above 0"), (["fot"], "fot"),
            (["inspect"], "files"), (["profiles", "nobody"], "snug profiles"),
        ])
    func wrongArguments(arguments: [String], words: String) throws {
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        let result = try place.runner.run(arguments)
        #expect(result.exitCode == 64)
        #expect(result.standardError.contains(words), "\(result.standardError)")
        #expect(result.standardOutput.isEmpty && place.folder.files() == ["a.jpg"])
    }

    @Test("An output folder that is the input folder is refused")
    func outputIsInput() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "in/a.jpg")
        let result = try place.snug("fit", "in", "-o", "in")
        #expect(result.exitCode == 64 && result.standardError.contains("--in-place"))
    }
}
