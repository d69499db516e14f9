// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSimulator
import SnugTestSupport
import SystemPackage
import Testing

extension GenerateTests {
    @Suite struct Batches {
        private func write(_ lines: [String], to folder: GenerateFolder) throws {
            try folder.place.folder.write(Array(lines.joined(separator: "\n").utf8), to: "batch.jsonl")
        }

        private func batch(
            _ folder: GenerateFolder, _ service: ServiceName = .pollinations, _ arguments: String...
        ) async throws -> CommandResult {
            try await folder.run(
                ["generate", "--batch", "batch.jsonl", "-o", "out"] + arguments + folder.options(service))
        }

        @Test("Every line is done with its own and the options' settings, and a second run does what is missing")
        func rerun() async throws {
            try await GenerateFolder.with { folder in
                try write(
                    [
                        #"{"prompt": "one", "n": 2, "seed": 1}"#, "", #"{"prompt": "two", "output": "sub/zwei.png"}"#,
                        #"{"prompt": "three", "model": "sana"}"#, #"{"prompt": "same"}"#, #"{"prompt": "same"}"#, "  ",
                    ], to: folder)
                let first = try await batch(folder, .pollinations, "--model", "zimage", "--json")
                #expect(first.exitCode == 0, "\(first.standardError)")
                #expect(first.lines.count == 5)
                #expect(folder.simulator.ledger.charges.count == 6)
                #expect(Set(folder.simulator.ledger.charges.map(\.model)) == ["zimage", "sana"])
                #expect(folder.files.filter { $0.hasPrefix("out/") }.count == 6)
                #expect(folder.files.contains("out/sub/zwei.png") && folder.files.contains("out/one-2.jpg"))
                #expect(first.standardError.contains("5 done") && first.standardError.contains("200 OK"))

                let again = try await batch(folder, .pollinations, "--model", "zimage", "--json")
                #expect(again.exitCode == 0 && again.lines.count == 5)
                #expect(folder.simulator.ledger.charges.count == 6)
                #expect(try CommandFolder.objects(again).allSatisfy { $0["recovered"] as? Bool == true })
                #expect(Set(try CommandFolder.objects(again).compactMap { $0["line"] as? Int }) == [1, 3, 4, 5, 6])
                #expect(again.standardError.contains("5 done (5 already there)"))

                try FileManager.default.removeItem(
                    atPath: folder.place.folder.path.appending("out/one-2.jpg").string)
                #expect(try await batch(folder, .pollinations, "--model", "zimage").exitCode == 0)
                #expect(folder.files.contains("out/one-2.jpg"))
                // Only that one was asked for; with its seed the provider had it still.
                #expect(folder.paidRequests.count == 7 && folder.simulator.ledger.charges.count == 6)
            }
        }

        @Test("Bad lines are all told, and nothing is sent")
        func badLines() async throws {
            try await GenerateFolder.with { folder in
                try write(
                    [
                        #"{"prompt": "fine"}"#, "no json", #"{"prompt": 5}"#, "{}",
                        #"{"prompt": "x", "colour": "red"}"#,
                        #"{"prompt": "x", "size": "9"}"#, #"{"prompt": " "}"#, #"{"prompt": "x", "n": 101}"#,
                        #"{"prompt": "x", "images": ["gone.png"]}"#, #"{"prompt": "x", "images": 7}"#,
                        #"{"prompt": "x", "parameters": []}"#, #"["prompt"]"#,
                        #"{"prompt": "\u001b[31m", "x\u001b": 1}"#,
                    ], to: folder)
                let result = try await batch(folder)
                #expect(result.exitCode == 64)
                let told = result.standardError.split(separator: "\n").compactMap { line in
                    line.hasPrefix("line ") ? Int(line.dropFirst(5).prefix { $0.isNumber }) : nil
                }
                #expect(told == Array(2...13))
                #expect(!result.standardError.contains("\u{1B}"))
                #expect(folder.simulator.requests.isEmpty)
            }
        }

        @Test("A line's own place stays below the folder", arguments: ["../x", "/tmp/x", "a/../../x", "x\\u0000y"])
        func outside(output: String) async throws {
            try await GenerateFolder.with { folder in
                try write([#"{"prompt": "x", "output": "\#(output)"}"#], to: folder)
                let result = try await batch(folder)
                #expect(result.exitCode == 64, "\(result.standardError)")
                #expect(result.standardError.contains("line 1"))
                #expect(folder.simulator.requests.isEmpty)
            }
        }

        @Test("An empty account stops the rest, with one message, and the next run does it")
        func emptyAccount() async throws {
            try await GenerateFolder.with { folder in
                try write((1...8).map { #"{"prompt": "number \#($0)"}"# }, to: folder)
                folder.simulator.script(
                    Rule(Fault(answer: .status(code: 402)), service: .openai, method: "POST", skip: 2, times: nil))
                let result = try await batch(folder, .openai, "--jobs", "1")
                #expect(result.exitCode == 1)
                #expect(folder.paidRequests.count == 3)
                let told = result.standardError.split(separator: "\n").filter { $0.contains("(payment_required)") }
                #expect(told.count == 1, "\(result.standardError)")
                #expect(result.standardError.contains("2 done, 1 failed, 5 not started"))
                folder.simulator.clearScript()
                let rest = try await batch(folder, .openai, "--json")
                #expect(rest.exitCode == 0 && rest.lines.count == 8)
                #expect(folder.simulator.ledger.charges.count == 8)
            }
        }

        @Test("One failure leaves the others, and exits with 1")
        func oneFailure() async throws {
            try await GenerateFolder.with { folder in
                try write((1...4).map { #"{"prompt": "number \#($0)"}"# }, to: folder)
                folder.simulator.script(
                    Rule(Fault(answer: .status(code: 400)), service: .pollinations, path: "/image/number%202"))
                let result = try await batch(folder, .pollinations, "--jobs", "2")
                #expect(result.exitCode == 1)
                #expect(result.lines.count == 3)
                #expect(result.standardError.contains("line 2: number 2: "))
                #expect(result.standardError.contains("3 done, 1 failed"))
            }
        }

        @Test("A batch comes from standard input and is rehearsed with its sum")
        func rehearsal() async throws {
            try await GenerateFolder.with { folder in
                let lines = Array("{\"prompt\": \"a\", \"n\": 3}\n{\"prompt\": \"b\", \"model\": \"photon\"}\n".utf8)
                let result = try await folder.generate(.elumenta, "--batch", "-", "--dry-run", input: lines)
                #expect(result.exitCode == 0, "\(result.standardError)")
                #expect(result.standardError.hasPrefix("2 prompts, 4 submissions\ncost 4 to 5 tokens\nbalance 1000"))
                #expect(folder.paidRequests.isEmpty)
                #expect(folder.simulator.requests.count == 2)
            }
        }

        @Test("No more lines are under way than asked for")
        func width() async throws {
            try await GenerateFolder.with { folder in
                try write((1...6).map { #"{"prompt": "number \#($0)"}"# }, to: folder)
                folder.simulator.script(Rule(Fault(delay: 100), service: .openai, method: "POST", times: nil))
                let result = try await batch(folder, .openai, "--jobs", "6", "--concurrency", "1")
                #expect(result.exitCode == 0, "\(result.standardError)")
                let times = folder.paidRequests.map(\.time)
                #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= 0.09 })
            }
        }
    }
}
