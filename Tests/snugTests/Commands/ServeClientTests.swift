// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

/// `snug serve`, used by clients that others wrote.
@Suite struct ServeClientTests {
    /// Runs a script of `Tests/clients` with the server's address and an image.
    private func run(_ script: String) async throws {
        do { try await RealClient.install() } catch let error as RealServer.Unavailable {
            try Test.cancel("SKIPPED, no clients here: \(error.reason)")
        }
        let (code, said, result) = try await onThread {
            var snug = try CommandFolder()
            snug.runner.timeLimit = 180_000
            try snug.folder.write(CommandFolder.jpeg(480, 320), to: "beach.jpg")
            let (image, log) = (snug.folder.path.appending("beach.jpg"), snug.folder.path.appending("log"))
            var code: Int32 = -1
            let result = try snug.serve { port in
                code = try RealClient.run(script, ["http://127.0.0.1:\(port)", image.string], log: log)
            }
            return (code, String(decoding: try snug.folder.bytes(of: "log") ?? [], as: UTF8.self), result)
        }
        #expect(code == 0, "\(said)")
        #expect(result.exitCode == 0, "\(result.standardError)")
    }

    @Test("tuspy uploads in parts, resumes by the address alone, and the upload becomes a job with a result")
    func tuspy() async throws { try await run("tuspy_client.py") }

    @Test("aiotus uploads in parts and reads the metadata back, and the upload becomes a job with a result")
    func aiotus() async throws { try await run("aiotus_client.py") }

    @Test("The Tinify client library compresses, resizes and converts with this host in place of its own")
    func tinify() async throws { try await run("tinify_client.py") }

    @Test("schemathesis finds no response that openapi.yaml does not describe, and no hole in what is refused")
    func contract() async throws { try await run("contract.py") }
}
