// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import SystemPackage
import Testing

/// What the machine can do to a run: signals, full disks, closed pipes, folders that take nothing.
@Suite struct FitTroubleTests {
    private let place: CommandFolder

    init() throws { place = try CommandFolder() }

    @Test("A file that outgrows what may be written fails with the reason, and nothing stays of it")
    func fileSizeLimit() throws {
        try place.folder.write(PNGBuilder(width: 64, height: 64).bytes, to: "a.png")
        let result = try place.shell("ulimit -f 2; \"$SNUG\" fit a.png -o out")
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("cannot write out/a.png"), "\(result.standardError)")
        #expect(result.standardError.contains("ulimit -f"))
        #expect(place.folder.files() == ["a.png"])
    }

    @Test("A full device fails with disk_full", .enabled(if: FileManager.default.isWritableFile(atPath: "/dev/full")))
    func fullDevice() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        let result = try place.shell("\"$SNUG\" fit a.jpg -o - > /dev/full")
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("free some space") && result.standardError.contains("(disk_full)"))
    }

    @Test("An output folder whose name a file has is an error that says so")
    func folderIsAFile() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        try place.folder.write([1], to: "out")
        let result = try place.snug("fit", "a.jpg", "-o", "out")
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("something else has the name of a folder"), "\(result.standardError)")
        #expect(try place.folder.bytes(of: "out") == [1])
    }

    @Test("A folder without permission is an error that says so", .enabled(if: geteuid() != 0))
    func unwritableFolder() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        let result = try place.shell("mkdir out; chmod 555 out; \"$SNUG\" fit a.jpg -o out")
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("(permission_denied)"))
    }

    @Test("Where nothing can be made, the error names the folder")
    func impossibleFolder() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        let result = try place.snug("fit", "a.jpg", "-o", "/dev/null/out")
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("/dev/null/out"), "\(result.standardError)")
    }

    @Test("An input that is not there fails by itself")
    func missingInput() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        let result = try place.snug("fit", "gone.jpg", "a.jpg", "-o", "out")
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("gone.jpg") && result.standardError.contains("(not_found)"))
        #expect(place.folder.files().contains("out/a.jpg"))
    }

    @Test("When the reader of the results is gone the run ends by itself, without a signal")
    func closedOutput() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "in/a.jpg")
        // The reader is gone for certain before the first byte: it has opened the pipe, told so, and ended.
        let pipe = "mkfifo pipe; (exec 4<pipe; : > gone) & exec 3>pipe; wait;"
        let json = try place.shell("\(pipe) \"$SNUG\" fit in -o out --json >&3; echo $?")
        #expect(["0\n", "1\n"].contains(json.standardOutput), "\(json.standardOutput)")
        let image = try place.shell("rm pipe; \(pipe) \"$SNUG\" fit in/a.jpg -o - >&3; echo $?")
        #expect(image.standardOutput == "1\n")
        #expect(image.standardError.contains("cannot write standard output"))
    }
}
