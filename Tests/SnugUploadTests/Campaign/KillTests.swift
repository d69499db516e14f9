// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugUpload

/// `kill -9` at random moments within one upload by the built command.
///
/// Short here; `make campaign-upload` kills two hundred times within 512 MiB.
@Suite(.serialized) struct KillTests {
    private let kills: Int
    private let size: Int
    private let seed: UInt64
    private let folder: ScratchFolder

    init() throws {
        let environment = ProcessInfo.processInfo.environment
        kills = environment["SNUG_CAMPAIGN_KILLS"].flatMap { Int($0) } ?? 8
        size = environment["SNUG_CAMPAIGN_KILL_SIZE"].flatMap { Int($0) } ?? 24 << 20
        seed = environment["SNUG_CAMPAIGN_SEED"].flatMap { UInt64($0) } ?? 1
        folder = try ScratchFolder()
    }

    /// What it takes to get one file through, killed again and again.
    private struct Outcome {
        var kills = 0
        var bytesSent = 0
        var json = ""
        var url: String { field("url") }

        func field(_ name: String) -> String {
            json.components(separatedBy: "\"\(name)\":\"").dropFirst().first?.components(separatedBy: "\"").first ?? ""
        }
    }

    /// - Parameter least: Bytes that each run may send before it is killed.
    private func upload(
        _ arguments: [String], to port: Int, path: String, content: [UInt8], killedAfter least: Int = 0
    ) async throws -> Outcome {
        let file = try folder.file(content, named: "large.bin")
        // Counts what goes over the line, and spoils nothing.
        var plan = FaultProxy.Plan(seed: seed)
        plan.chance = 0
        let proxy = try FaultProxy(to: port, plan)
        var random = SeededGenerator(seed: seed)
        let program = try CommandRunner(folder: folder.path).program
        var outcome = Outcome()
        while true {
            let (output, errors) = (folder.path.appending("output"), folder.path.appending("errors"))
            let command =
                [program.string, "upload", file.string, "--to", "http://127.0.0.1:\(proxy.port)\(path)", "--json"]
                // A server that a kill has confused may take a request and never answer it.
                + ["--attempt-timeout", "30"] + arguments
                + ["--state", folder.path.appending("state").string]
            let before = proxy.bytesSent
            let process = try ChildProcess(
                command, environment: ["AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "testtest"],
                output: output, errors: errors)
            if outcome.kills < kills {
                // After so many bytes of this run, a little more than half of the file for all kills together, and a moment.
                let share = Int.random(in: least...size * 6 / 5 / kills, using: &random)
                let rest = UInt32.random(in: 0...40_000, using: &random)
                outcome.kills += 1
                // A thread of its own: the pool's threads may be busy with other tests for as long as the upload takes.
                Thread.detachNewThread {
                    while process.isRunning, proxy.bytesSent - before < share { usleep(2000) }
                    usleep(rest)
                    process.signal(SIGKILL)
                }
            }
            let code = try await onThread { process.wait() }
            guard code != 128 + SIGKILL else { continue }
            if outcome.kills < kills { outcome.kills -= 1 }
            outcome.json = try String(contentsOfFile: output.string, encoding: .utf8)
            let said = try String(contentsOfFile: errors.string, encoding: .utf8)
            #expect(code == 0, "\(outcome.json) \(said)")
            try await proxy.settle()
            outcome.bytesSent = proxy.bytesSent
            return outcome
        }
    }

    /// - Parameter bound: Bytes that one kill may cost: chunks under way.
    private func check(_ outcome: Outcome, _ name: String, bound: Int) {
        let resent = outcome.bytesSent - size
        print(
            "kills \(name), seed \(seed): \(outcome.kills) within \(size >> 20) MiB,",
            "\(resent >> 10) KiB sent again, \(resent / max(1, outcome.kills) / 1024) KiB a kill")
        #expect(outcome.kills > 0)
        // Heads of requests are counted too.
        #expect(resent <= outcome.kills * (bound + 64 * 1024))
        #expect(outcome.field("status") == "uploaded")
    }

    private func content() -> [UInt8] { pattern(size) }
    private static let pace = ["--limit-rate", "10MB", "--chunk-size", "1MiB"]

    @Test func tus() async throws {
        let server = try await startServer("resumable-upload")
        let bytes = content()
        let outcome = try await upload(
            Self.pace + ["--protocol", "tus"], to: server.port, path: "/files", content: bytes)
        check(outcome, "tus", bound: 64 << 20)
        let uploads = server.folder.appending(component: "uploads")
        let files = try FileManager.default.contentsOfDirectory(at: uploads, includingPropertiesForKeys: nil)
        let stored = try files.map { try Data(contentsOf: $0) }.filter { !$0.isEmpty }
        #expect(stored.count == 1)
        let isSame = stored.first.map { Array($0) == bytes } ?? false
        #expect(isSame)
    }

    @Test func draft() async throws {
        let server = try await DraftServer()
        let bytes = content()
        let outcome = try await upload(
            Self.pace + ["--protocol", "resumable"], to: server.port, path: "/things/a", content: bytes)
        check(outcome, "draft", bound: 64 << 20)
        #expect(server.objects.count == 1)
        let isSame = server.objects.first?.bytes == bytes
        #expect(isSame)
    }

    @Test func s3() async throws {
        let bucket = try await Bucket()
        let bytes = content()
        let outcome = try await upload(
            ["--limit-rate", "20MB", "--parallel", "2", "--protocol", "s3"], to: bucket.server.port,
            path: "/bkt/large.bin", content: bytes,
            // SeaweedFS may list an upload only after the process that comes next has looked for it.
            killedAfter: 64 << 10)
        check(outcome, "s3", bound: 2 * (5 << 20))
        let isSame = try await bucket.object("large.bin", maximum: size) == bytes
        #expect(isSame)
        #expect(try await bucket.unfinished() == [])
    }
}
