// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import snug

/// The manual page says what the program does.
@Suite struct ManualTests {
    private let page: String

    init() throws {
        // Tests/snugTests/Commands/ManualTests.swift
        var path = FilePath(#filePath)
        for _ in 0..<4 { path.removeLastComponent() }
        let file = try FileDescriptor.open(path.appending("man/snug.1"), .readOnly)
        let bytes = try file.closeAfter { try file.readBytes(maximum: 1 << 20) }
        page = String(decoding: bytes, as: UTF8.self).replacing("\\-", with: "-")
    }

    @Test(
        "It names every option of every command",
        arguments: [
            "fit", "inspect", "upload", "generate", "models", "balance", "watch", "work", "serve", "jobs list",
            "jobs show",
            "jobs status",
            "jobs retry", "jobs cancel", "jobs resolve", "jobs pause", "jobs resume", "jobs prune", "jobs verify",
            "profiles",
            "backup", "ledger copy", "storage sweep", "doctor",
        ])
    func options(command: String) throws {
        let folder = try TemporaryFolder()
        let words = ["help"] + command.split(separator: " ").map(String.init)
        let help = try CommandRunner(folder: folder.path).run(words).standardOutput
        let options = Set(help.matches(of: /--[a-z][a-z0-9-]+/).map { String($0.output) })
        #expect(options.count >= 3)
        for option in options { #expect(page.contains(option), "\(option)") }
    }

    @Test("It names every key of the JSON, every exit code and the version")
    func contract() {
        let record = FitRecord(input: "a", status: .failed, limitBytes: 1)
        for key in record.jsonLine.matches(of: /"([a-z_]+)":/) { #expect(page.contains(key.output.1)) }
        let work = GenerationWork(
            request: GenerationRequest(prompt: "a"), destination: ImageDestination(folder: "a", name: "b"), name: "c")
        var outcome = GenerationOutcome(work, GenerationError(.forbidden, "a"))
        outcome.error = nil
        outcome.generation = Generation(
            images: [.init(path: "a", mediaType: "b", size: ImageSize(width: 1, height: 1), byteCount: 1)])
        let error = GenerationError(.forbidden, "a")
        for text in [outcome.jsonLine(provider: "b"), error.json().description] {
            for key in text.matches(of: /"([a-z_]+)":/) { #expect(page.contains(key.output.1)) }
        }
        for code in [0, 1, 64, 70, 130] { #expect(page.contains("\n.B \(code)\n")) }
        #expect(page.contains("snug \(Snug.version)\""))
    }
}
