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
}
