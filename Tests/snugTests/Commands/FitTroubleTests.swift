// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

/// What the machine can do to a run: files that may not grow, folders that take nothing, inputs that are gone.
@Suite struct FitTroubleTests {
    private let place: CommandFolder

    init() throws { place = try CommandFolder() }

    // ThreadSanitizer's own runtime writes files and dies of the limit first.
    @Test(
        "A file that outgrows what may be written fails with the reason, and nothing stays of it",
        .enabled(if: ProcessInfo.processInfo.environment["SNUG_SANITIZER"] != "thread"))
    func fileSizeLimit() throws {
        try place.folder.write(PNGBuilder(width: 64, height: 64).bytes, to: "a.png")
        let result = try place.shell("ulimit -f 2; \"$SNUG\" fit a.png -o out")
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("cannot write out/a.png"), "\(result.standardError)")
        #expect(result.standardError.contains("ulimit -f"))
        #expect(place.folder.files() == ["a.png"])
    }

    @Test("An output folder whose name a file has is an error that says so")
    func folderIsAFile() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        try place.folder.write(CommandFolder.jpeg(), to: "b.jpg")
        try place.folder.write([1], to: "out")
        let result = try place.snug("fit", "a.jpg", "b.jpg", "-o", "out")
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("a file has the name of a folder"), "\(result.standardError)")
        #expect(try place.folder.bytes(of: "out") == [1])
    }

    @Test("A folder without permission is an error that says so", .enabled(if: geteuid() != 0))
    func unwritableFolder() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        let result = try place.shell("mkdir out; chmod 555 out; \"$SNUG\" fit a.jpg -o out")
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("(permission_denied)"))
    }

    @Test("An input that is not there fails by itself")
    func missingInput() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        let result = try place.snug("fit", "gone.jpg", "a.jpg", "-o", "out")
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("gone.jpg") && result.standardError.contains("(not_found)"))
        #expect(place.folder.files().contains("out/a.jpg"))
    }

    @Test("A standard stream that is closed is an error that says so, and no other file takes its place")
    func closedStreams() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        let input = try place.shell("timeout 20 \"$SNUG\" fit - -o - <&-")
        #expect(input.exitCode == 1 && input.standardError.contains("Bad file descriptor"), "\(input.standardError)")
        let output = try place.shell("timeout 20 \"$SNUG\" fit a.jpg -o out --json >&-")
        #expect(output.exitCode == 1, "\(output.standardError)")
        #expect(output.standardError.contains("cannot write standard output: Bad file descriptor; it was closed"))
        let all = try place.shell("timeout 20 \"$SNUG\" fit a.jpg -o out2 --report r.csv <&- >&- 2>&-; echo $?")
        #expect(all.lines == ["0"])
        #expect(place.folder.files() == ["a.jpg", "out/a.jpg", "out2/a.jpg", "r.csv"])
        #expect(try place.folder.bytes(of: "out2/a.jpg") == CommandFolder.jpeg())
    }

    @Test("A mistyped value of --overwrite is refused, not taken for an input beside which everything is replaced")
    func mistypedOverwrite() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        try place.folder.write([7], to: "out/a.jpg")
        let result = try place.snug("fit", "a.jpg", "-o", "out", "--overwrite", "nver")
        #expect(result.exitCode == 64 && result.standardError.contains("'never'"), "\(result.standardError)")
        #expect(try place.folder.bytes(of: "out/a.jpg") == [7])
        // A file of such a name is an input.
        try place.folder.write(CommandFolder.jpeg(), to: "alway")
        let input = try place.snug("fit", "a.jpg", "-o", "out", "--overwrite", "alway")
        #expect(input.exitCode == 0 && place.folder.files().contains("out/alway.jpg"), "\(input.standardError)")
        #expect(try place.folder.bytes(of: "out/a.jpg") == CommandFolder.jpeg())
    }

    @Test("A PNG that is cut off says what to do")
    func cutOffPNG() throws {
        let png = PNGBuilder(width: 64, height: 64).bytes
        try place.folder.write(Array(png.prefix(png.count / 2)), to: "a.png")
        let result = try place.snug("fit", "a.png", "-o", "out")
        #expect(result.exitCode == 1 && result.standardError.contains("--salvage"), "\(result.standardError)")
    }
}
