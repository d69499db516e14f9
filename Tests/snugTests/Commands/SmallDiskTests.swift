// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

/// The state folder on file systems that are full or cannot be written. They are mounted for the command alone, where the
/// machine allows that.
@Suite(.enabled(if: SmallDisk.canMount)) struct SmallDiskTests {
    private let place: CommandFolder

    init() throws { place = try CommandFolder() }

    private func run(_ options: String, _ line: String) throws -> CommandResult {
        try SmallDisk.run(place, options, line)
    }

    @Test("Without space for a ledger the command says so, and works when there is some")
    func full() throws {
        let fill = "head -c 60k /dev/zero > state/ballast"
        let result = try run(
            "size=64k",
            "\(fill); \"$SNUG\" upload --list --state state; echo $?; rm state/ballast; mount -o remount,size=4m state; "
                + "\"$SNUG\" upload --list --state state; echo $?")
        #expect(result.lines == ["1", "0"], "\(result.standardError)")
        #expect(result.standardError.contains("free some"), "\(result.standardError)")
        let told = result.standardError.split(separator: "\n")
        #expect(told.count { $0.hasPrefix("Error") } == 1 && told.last == "nothing is pending", "\(told)")
    }

    @Test("A file system that cannot be written is named with the remedy, by command and doctor")
    func readOnly() throws {
        let result = try run(
            "size=4m",
            "\"$SNUG\" upload --list --state state; mount -o remount,ro state; \"$SNUG\" upload --list --state state; echo $?; "
                + "\"$SNUG\" doctor --json --state state | grep ledger")
        #expect(result.lines.first == "1" && result.standardError.contains("--state"), "\(result.standardError)")
        let check = try #require(
            try JSONSerialization.jsonObject(with: Data(result.lines.last?.utf8 ?? "".utf8)) as? [String: Any])
        #expect(check["state"] as? String == "fail")
        #expect((check["remedy"] as? String)?.contains("writable") == true, "\(check)")
    }

    @Test("A backup to a full disk leaves nothing behind")
    func backup() async throws {
        let ledger = try await SQLiteLedger.open(place.folder.path.appending("home/ledger.sqlite"))
        try await ledger.save(String(repeating: "x", count: 200_000), as: .uploads, "k")
        try await ledger.close()
        let result = try run(
            "size=100k", "\"$SNUG\" backup state/copy --state home --json; echo $?; ls -A state")
        #expect(result.lines.count == 2 && result.lines.last == "1", "\(result.standardOutput) \(result.standardError)")
        #expect(result.lines.first?.contains("disk_full") == true, "\(result.standardOutput)")
    }

    @Test("The doctor names the file system")
    func kind() throws {
        let result = try run(
            "size=4m", "\"$SNUG\" upload --list --state state; \"$SNUG\" doctor --json --state state | grep disk")
        #expect(result.standardOutput.contains("tmpfs"), "\(result.standardOutput) \(result.standardError)")
    }
}

/// A small file system of a command's own.
private enum SmallDisk {
    static let canMount: Bool = {
        guard let place = try? CommandFolder(), let result = try? run(place, "size=64k", "true") else { return false }
        return result.exitCode == 0
    }()

    /// Runs a line of shell with a small file system at `state`.
    static func run(_ place: CommandFolder, _ options: String, _ line: String) throws -> CommandResult {
        let setUp = "mkdir -p state && mount -t tmpfs -o \(options) none state && { \(line); }"
        return try place.shell("unshare -rm /bin/sh -c '\(setUp)'")
    }
}
