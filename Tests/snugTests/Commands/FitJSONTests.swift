// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

/// The lines of `snug fit --json`, which scripts depend on.
@Suite struct FitJSONTests {
    private let place: CommandFolder
    private static let keys: Set<String> = [
        "input", "output", "status", "input_bytes", "output_bytes", "limit_bytes", "width", "height", "output_width",
        "output_height", "format", "quality", "scale", "encodes", "seconds", "skip_reason", "plan", "error", "warnings",
    ]

    init() throws { place = try CommandFolder() }

    private func object(_ arguments: String...) throws -> [String: Any] {
        let result = try place.runner.run(["fit"] + arguments + ["-o", "out", "--json"])
        #expect(result.lines.count == 1 && result.exitCode <= 1, "\(result.standardError)")
        return try #require(try CommandFolder.objects(result).first)
    }

    /// Checks keys, status and which of them are null.
    private func check(_ object: [String: Any], _ status: String, null: Set<String>) {
        #expect(Set(object.keys) == Self.keys)
        #expect(object["status"] as? String == status)
        #expect(Set(object.filter { $0.value is NSNull }.keys) == null)
    }

    @Test("A fitted file has every value")
    func fitted() throws {
        try place.folder.write(CommandFolder.jpeg(64, 48), to: "a.jpg")
        let object = try object("a.jpg", "--max-side", "32", "--limit", "1MB")
        check(object, "fitted", null: ["error", "plan", "skip_reason"])
        #expect(object["input"] as? String == "a.jpg" && object["output"] as? String == "out/a.jpg")
        #expect(object["limit_bytes"] as? Int == 1_000_000 && object["format"] as? String == "jpeg")
        #expect(object["width"] as? Int == 64 && object["height"] as? Int == 48)
        #expect(object["output_width"] as? Int == 32 && object["output_height"] as? Int == 24)
        #expect(object["scale"] as? Double == 0.5)
        #expect(try object["output_bytes"] as? Int == place.folder.bytes(of: "out/a.jpg")?.count)
    }

    @Test("A copied file was never encoded")
    func copied() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        let object = try object("a.jpg")
        check(object, "copied", null: ["error", "plan", "quality", "skip_reason"])
        #expect(object["encodes"] as? Int == 0)
    }

    @Test("A stripped file has no quality either")
    func stripped() throws {
        try place.folder.write(CommandFolder.commented(bytes: 50_000), to: "a.jpg")
        check(try object("a.jpg", "--limit", "5kB"), "stripped", null: ["error", "plan", "quality", "skip_reason"])
    }

    @Test("A skipped file has names, limit and reason only")
    func skipped() throws {
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        _ = try object("a.jpg")
        check(
            try object("a.jpg"), "skipped",
            null: Self.keys.subtracting(["input", "output", "status", "limit_bytes", "skip_reason", "warnings"]))
    }

    @Test("A failed file has an error of code, message and details")
    func failed() throws {
        try place.folder.write(CommandFolder.jpeg(64, 48), to: "a.jpg")
        let object = try object("a.jpg", "--max-input-pixels", "100")
        check(
            object, "failed",
            null: Self.keys.subtracting([
                "input", "status", "input_bytes", "limit_bytes", "seconds", "error", "warnings",
            ]))
        let error = try #require(object["error"] as? [String: Any])
        #expect(Set(error.keys) == ["code", "message", "details"])
        #expect(error["code"] as? String == "limit_exceeded")
        #expect(
            error["message"] as? String == "has 64 × 48 = 3,072 pixels, more than the limit of 100; raise "
                + "--max-input-pixels if you trust the file")
        let details = error["details"] as? [String: Any]
        #expect(details?["value"] as? Int == 3072 && details?["option"] as? String == "--max-input-pixels")
    }

    @Test("Warnings of a plan and of its run are texts in an array")
    func warnings() throws {
        let jpeg = CommandFolder.jpeg(64, 48)
        let stray: [UInt8] = [1, 2, 3]
        try place.folder.write(Array(jpeg[..<2] + stray + jpeg[2...]), to: "a.jpg")
        let expected = ["3 bytes between the segments belong to none"]
        #expect(try object("a.jpg", "--max-side", "32", "-n")["warnings"] as? [String] == expected)
        #expect(try object("a.jpg", "--max-side", "32")["warnings"] as? [String] == expected)
    }

    @Test("Guards on inputs are written like limits on outputs", arguments: ["0.001MP", "1000"])
    func guards(pixels: String) throws {
        try place.folder.write(CommandFolder.jpeg(64, 48), to: "a.jpg")
        let error = try object("a.jpg", "--max-input-pixels", pixels, "--max-input-side", "100px")["error"]
        let details = (error as? [String: Any])?["details"] as? [String: Any]
        #expect(details?["limit"] as? Int == 1000 && details?["value"] as? Int == 3072)
    }
}
