// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugLedger
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

/// `snug storage` and what `snug doctor` says of a storage, as the built program.
@Suite struct StorageCommandTests {
    private var place: CommandFolder
    private let server: FakeObjectServer

    init() throws {
        place = try CommandFolder()
        server = try FakeObjectServer()
        place.runner.environment["AWS_ACCESS_KEY_ID"] = "test"
        place.runner.environment["AWS_SECRET_ACCESS_KEY"] = "very-secret-key"
    }

    private var address: String { "s3://bkt/p?endpoint=\(server.endpoint)" }

    private func digest(_ byte: UInt8) -> String { MessageDigest.sha256([byte]).hexadecimal }
    private func key(_ byte: UInt8) -> String { "p/sha256/\(digest(byte).prefix(2))/\(digest(byte))" }

    private func addJob(content: UInt8) async throws {
        let ledger = try await SQLiteLedger.open(place.folder.path.appending("state/ledger.sqlite"))
        _ = try await ledger.enqueue([
            NewJob(JobIdentity(contentHash: digest(content), pipeline: "p"), name: "a.jpg", folder: "in")
        ])
        server.put("p/ledger", Array(try await StorageOwnership.name(of: ledger).utf8))
        try await ledger.close()
    }

    @Test("A sweep removes what no job refers to, once it was shown")
    func sweep() async throws {
        try await addJob(content: 1)
        server.begin("late", of: key(4), daysAgo: 8)
        server.begin("new", of: key(4), daysAgo: 6)
        for byte in UInt8(1)...3 { server.put(key(byte), [byte], daysAgo: byte == 3 ? 1 : 8) }
        let sweep = ["storage", "sweep", "--storage", address, "--state", "state"]
        let plan = try place.runner.run(sweep + ["-n"])
        #expect(plan.exitCode == 0, "\(plan.standardError)")
        #expect(
            plan.standardOutput.contains("3 objects (3 bytes), 1 would be removed (1 bytes), 1 younger than 7 days"))
        #expect(plan.standardOutput.contains("\(key(4)): an unfinished upload, begun 8d ago"))
        #expect(plan.standardOutput.contains("2 unfinished uploads, 1 would be removed"))
        #expect(server.keys.count == 4 && server.uploads.count == 2)
        let done = try #require(try CommandFolder.objects(try place.runner.run(sweep + ["--json"])).first)
        #expect(done["status"] as? String == "swept" && done["removed"] as? Int == 1)
        #expect(done["objects"] as? Int == 3 && done["referred"] as? Int == 1 && done["young"] as? Int == 1)
        #expect(done["unfinished"] as? Int == 2 && done["unfinished_removed"] as? Int == 1)
        #expect(server.keys == ["p/ledger"] + [key(1), key(3)].sorted() && server.uploads == ["new"])
        server.listNoUploads()
        // Keys from files do for those of the environment.
        var runner = place.runner
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] { runner.environment[name] = nil }
        try place.folder.write(Array("test\n".utf8), to: "id")
        try place.folder.write(Array("very-secret-key\n".utf8), to: "key")
        let noKeys = try runner.run(sweep)
        #expect(noKeys.exitCode == 1 && noKeys.standardError.contains("AWS_ACCESS_KEY_ID"), "\(noKeys)")
        let unsupported = try runner.run(sweep + ["--storage-key-id-file", "id", "--storage-key-file", "key"])
        #expect(unsupported.exitCode == 0 && unsupported.standardOutput.contains("unfinished uploads not looked at"))
    }

    @Test("Without a ledger, a storage or a right, nothing is removed and the reason is named")
    func refused() async throws {
        server.put(key(1), [1], daysAgo: 8)
        let noLedger = try place.snug("storage", "sweep", "--storage", address, "--state", "state")
        #expect(noLedger.exitCode == 1 && noLedger.standardError.contains("there is no ledger"))
        let noStorage = try place.snug("storage", "sweep", "--state", "state")
        #expect(noStorage.exitCode == 64 && noStorage.standardError.contains("--storage s3://BUCKET/PREFIX"))
        let wrong = try place.snug("storage", "sweep", "--storage", "https://host/bkt/p")
        #expect(wrong.exitCode == 64 && wrong.standardError.contains("s3://bkt/p?endpoint=https://host"))
        try await addJob(content: 9)
        server.fail(403)
        let result = try place.snug("storage", "sweep", "--storage", address, "--state", "state", "--json")
        let error = try #require(try CommandFolder.objects(result).first?["error"] as? [String: Any])
        #expect(result.exitCode == 1 && error["code"] as? String == "storage_refused")
        #expect(server.keys == ["p/ledger", key(1)])
    }

    @Test("The doctor tries a storage out, and names what is wrong with the remedy")
    func doctor() throws {
        var place = place
        place.runner.environment["SNUG_STORAGE"] = address
        let result = try place.snug("doctor", "--json", "--state", "state")
        let checks = try CommandFolder.objects(result).filter { ($0["check"] as? String)?.hasPrefix("storage") == true }
        #expect(result.exitCode == 0, "\(result.standardOutput)")
        #expect(
            checks.map { $0["check"] as? String } == [
                "storage", "storage list", "storage put", "storage get", "storage clock", "storage delete",
            ])
        #expect(checks.allSatisfy { $0["state"] as? String == "ok" } && server.keys.isEmpty)
        server.fail(200, 403)
        let refused = try place.snug("doctor", "--state", "state")
        #expect(refused.exitCode == 1 && refused.standardOutput.contains("check the keys"))
        #expect(!(refused.standardOutput + refused.standardError).contains("very-secret-key"))
        place.runner.environment["AWS_SECRET_ACCESS_KEY"] = nil
        let noKey = try place.snug("doctor", "--state", "state")
        #expect(noKey.exitCode == 1 && noKey.standardOutput.contains("AWS_SECRET_ACCESS_KEY"))
    }
}
