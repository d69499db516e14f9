// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

/// What `snug fit` makes of inputs that are no plain files, and of names that a stranger chose.
@Suite struct FitInputTests {
    private let place: CommandFolder

    init() throws { place = try CommandFolder() }

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

    @Test("snug inspect reads a list, too")
    func inspectedList() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "in/a.jpg")
        let result = try place.snug(
            "inspect", "in/a.jpg", "--files-from", "-", "--json", input: Array("in/a.jpg\n./none.jpg\n".utf8))
        let inputs = try CommandFolder.objects(result).map { $0["input"] as? String }
        #expect(result.exitCode == 1 && inputs == ["in/a.jpg", "in/a.jpg", "./none.jpg"])
        let empty = try place.snug("inspect", "--files-from", "-")
        #expect(empty.exitCode == 0 && empty.standardError.contains("there are no files in the inputs"))
        let nothing = try place.snug("inspect")
        #expect(nothing.exitCode == 64 && nothing.standardError.contains("pass files, '-', or --files-from FILE"))
    }

    @Test("A folder, a missing file and a terminal are no list of inputs, and each is told with its remedy")
    func lists() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "in/a.jpg")
        try place.folder.write([], to: "empty.txt")
        for (list, code, words) in [
            ("in", 64, "in is a folder, not a list of inputs; pass it without --files-from"),
            ("none.txt", 1, "cannot open none.txt: No such file or directory; check the path"),
            ("empty.txt", 0, "there are no images in the inputs"), ("-", 0, "there are no images in the inputs"),
        ] as [(String, Int32, String)] {
            let result = try place.snug("fit", "--files-from", list, "-o", "out")
            #expect(result.exitCode == code && result.standardError.contains(words), "\(result.standardError)")
        }
        let terminal = try place.shell(
            "script -qec '\"$SNUG\" fit --files-from - -o out' /dev/null < /dev/null || echo failed")
        #expect(terminal.standardOutput.contains("is a terminal; pipe a list in"), "\(terminal.standardOutput)")
        let batch = try place.snug("generate", "--batch", "in", "--provider", "pollinations")
        #expect(batch.standardError.contains("it is a folder; name a file"), "\(batch.standardError)")
    }
}
