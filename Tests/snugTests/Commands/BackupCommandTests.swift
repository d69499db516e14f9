// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct BackupCommandTests {
    private static let keys: Set = ["input", "output", "status", "output_bytes", "schema_version", "error"]
    private let place: CommandFolder

    init() throws { place = try CommandFolder() }

    /// A ledger with a pending upload.
    private func makeLedger() async throws {
        let ledger = try await SQLiteLedger.open(place.folder.path.appending("state/ledger.sqlite"))
        try await ledger.save("{}", as: .hostLimits, "http://h:80")
        try await ledger.close()
    }

    private func backup(_ arguments: String...) throws -> CommandResult {
        try place.runner.run(["backup"] + arguments + ["--state", "state"])
    }

    @Test("An error of a command that runs shows no other command's usage")
    func usage() throws {
        for arguments in [["ledger", "copy", "missing/a", "b"], ["storage", "sweep", "-n"], ["backup", "missing/x"]] {
            let result = try place.runner.run(arguments)
            #expect(result.exitCode == 64 && result.standardError.hasPrefix("Error: "), "\(result.standardError)")
            #expect(!result.standardError.contains("Usage:"), "\(result.standardError)")
            if arguments[0] == "ledger" { #expect(result.standardError.contains("'snug doctor' shows")) }
        }
    }

    @Test("A backup is a ledger of its own, whole, and readable to its owner only")
    func copy() async throws {
        try await makeLedger()
        let result = try backup("copy.sqlite", "--json")
        #expect(result.exitCode == 0, "\(result.standardError)")
        let object = try #require(try CommandFolder.objects(result).first)
        #expect(Set(object.keys) == Self.keys && object["error"] is NSNull)
        #expect(object["status"] as? String == "copied" && object["schema_version"] as? Int ?? 0 > 4)
        let path = place.folder.path.appending("copy.sqlite")
        #expect(object["output"] as? String == path.string)
        #expect(object["output_bytes"] as? Int == (try place.folder.bytes(of: "copy.sqlite")?.count))
        let mode = try FileManager.default.attributesOfItem(atPath: path.string)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        let copy = try await SQLiteLedger.open(path)
        #expect(try await copy.document(.hostLimits, "http://h:80")?.payload == "{}")
        try await copy.checkIntegrity()
        try await copy.close()
    }

    @Test("A file that is there is left alone, unless it may be replaced")
    func existing() async throws {
        try await makeLedger()
        try place.folder.write([1], to: "copy.sqlite")
        let refused = try backup("copy.sqlite", "--json")
        #expect(refused.exitCode == 1)
        let error = try #require(try CommandFolder.objects(refused).first?["error"] as? [String: Any])
        #expect(error["code"] as? String == "already_exists")
        #expect((error["message"] as? String)?.contains("--overwrite") == true)
        #expect(try place.folder.bytes(of: "copy.sqlite") == [1])
        let replaced = try backup("copy.sqlite", "--overwrite")
        #expect(replaced.exitCode == 0 && replaced.standardOutput.hasPrefix("copy.sqlite: "), "\(replaced)")
        #expect(try #require(try place.folder.bytes(of: "copy.sqlite")).count > 1000)
        // Nothing half-written is left beside it.
        #expect(place.folder.files().filter { $0.hasPrefix(".snug-") } == [])
    }

    @Test("Without a ledger there is nothing to copy, and none is made")
    func nothing() throws {
        let result = try backup("copy.sqlite")
        #expect(result.exitCode == 64 && result.standardError.contains("--state"), "\(result.standardError)")
        let object = try failure(try backup("copy.sqlite", "--json"), exitCode: 64)
        #expect(object["code"] as? String == "no_ledger" && (object["message"] as? String)?.contains("--state") == true)
        #expect(place.folder.files() == [])
    }

    @Test("A copy needs a folder: an object with every key says that there is none")
    func folder() async throws {
        try await makeLedger()
        let missing = try failure(try backup("none/copy.sqlite", "--json"), exitCode: 1)
        #expect(missing["code"] as? String == "folder_not_found", "\(missing)")
        #expect((missing["message"] as? String)?.contains("create it") == true, "\(missing)")
        try place.folder.write([1], to: "file")
        let file = try failure(try backup("file/copy.sqlite", "--json"), exitCode: 1)
        #expect(file["code"] as? String == "folder_not_found", "\(file)")
    }

    /// The error of the one object that a run printed.
    private func failure(_ result: CommandResult, exitCode: Int32) throws -> [String: Any] {
        #expect(result.exitCode == exitCode, "\(result)")
        let object = try #require(try CommandFolder.objects(result).first)
        #expect(Set(object.keys) == Self.keys && object["status"] as? String == "failed")
        #expect(object["output_bytes"] is NSNull && object["schema_version"] is NSNull)
        return try #require(object["error"] as? [String: Any])
    }
}

@Suite struct LedgerCheckupTests {
    private let place: CommandFolder

    init() throws { place = try CommandFolder() }

    private func doctor(exitCode: Int32? = nil, state: String = "state") throws -> [String: [String: Any]] {
        let result = try place.runner.run(["doctor", "--json", "--state", state])
        if let exitCode { #expect(result.exitCode == exitCode, "\(result)") }
        return Dictionary(
            uniqueKeysWithValues: try CommandFolder.objects(result).map { ($0["check"] as? String ?? "", $0) })
    }

    @Test("The doctor does not make a ledger")
    func none() throws {
        #expect(try doctor()["ledger"]?["state"] as? String == "ok")
        #expect(place.folder.files() == [])
    }

    @Test(
        "A folder that cannot be made fails the checkup, with the remedy", arguments: ["/proc/foo/bar", "file/state"])
    func unwritable(state: String) throws {
        try place.folder.write([1], to: "file")
        let check = try #require(try doctor(exitCode: 1, state: state)["ledger"])
        #expect(check["state"] as? String == "fail", "\(check)")
        #expect(
            (check["value"] as? String)?.contains("cannot be made in \(state.hasPrefix("/") ? "/proc:" : "")") == true)
        #expect((check["remedy"] as? String)?.contains("--state") == true, "\(check)")
        #expect(place.folder.files() == ["file"])
    }

    @Test("A whole ledger is shown with path, version, size and disk")
    func whole() async throws {
        let path = place.folder.path.appending("state/ledger.sqlite")
        try await SQLiteLedger.open(path).close()
        let checks = try doctor()
        #expect(checks["ledger"]?["value"] as? String == path.string)
        #expect(checks["ledger schema"]?["value"] as? String == "version 8")
        #expect((checks["ledger size"]?["value"] as? String)?.isEmpty == false)
        #expect((checks["ledger disk"]?["value"] as? String)?.isEmpty == false)
        #expect(checks["ledger check"]?["state"] as? String == "ok")
    }

    @Test("A file that is no ledger fails the checkup, with the remedy")
    func foreign() throws {
        try place.shell("mkdir state").check()
        try place.folder.write(Array(String(repeating: "no database\n", count: 100).utf8), to: "state/ledger.sqlite")
        let check = try #require(try doctor()["ledger"])
        #expect(check["state"] as? String == "fail")
        #expect((check["remedy"] as? String)?.contains("name another") == true, "\(check)")
    }
}

extension CommandResult {
    fileprivate func check() throws { #expect(exitCode == 0, "\(standardError)") }
}
