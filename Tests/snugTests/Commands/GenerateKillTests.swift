// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import SnugSimulator
import SnugTestSupport
import Testing

extension GenerateTests {
    @Suite struct Kills {
        /// The provider makes the image and its answer never comes.
        private func loseAnswer(_ folder: GenerateFolder, _ service: ServiceName, skip: Int = 0) {
            folder.simulator.script(
                Rule(
                    Fault(request: .stallAfterBody, takesEffect: true), service: service,
                    method: service == .pollinations ? "GET" : "POST",
                    path: service == .pollinations ? "/image/*" : nil, skip: skip))
        }

        @Test(
            "Killed after it was charged: the same command gets that very image",
            arguments: [ServiceName.pollinations, .elumenta])
        func goesOn(service: ServiceName) async throws {
            try await GenerateFolder.with { folder in
                loseAnswer(folder, service)
                let killed = try await folder.generate(service, "x", "-v", whenSaid: folder.stop(SIGKILL))
                #expect(killed.exitCode == 128 + SIGKILL)
                let listed = try await folder.run(["generate", "--pending"])
                #expect(listed.standardOutput.contains("sending") && listed.standardOutput.contains("x"))
                let again = try await folder.generate(service, "x", "--json")
                #expect(again.exitCode == 0, "\(again.standardOutput) \(again.standardError)")
                #expect(try folder.object(again)["recovered"] as? Bool == true)
                #expect(folder.simulator.ledger.charges.count == 1)
                #expect(folder.files.count == 1)
                #expect(try await folder.run(["generate", "--pending"]).standardError == "nothing is pending\n")
            }
        }

        @Test("A vendor that replays what a key was used for is asked again, and charges once")
        func replayed() async throws {
            var configuration = Simulator.Configuration()
            configuration.openAI.idempotency = .replay
            try await GenerateFolder.with(configuration) { folder in
                let promise = ["--idempotency", "replay"]
                loseAnswer(folder, .openai)
                let killed = try await folder.generate(
                    .openai, "x", "-v", promise[0], promise[1], whenSaid: folder.stop(SIGKILL))
                #expect(killed.exitCode == 128 + SIGKILL)
                let again = try await folder.generate(.openai, "x", promise[0], promise[1])
                #expect(again.exitCode == 0, "\(again.standardError)")
                #expect(folder.simulator.ledger.charges.count == 1 && folder.files.count == 1)
            }
        }

        @Test("Where nobody can be asked it is held, until a person says what to do", arguments: ["--retry", "--drop"])
        func held(decision: String) async throws {
            try await GenerateFolder.with { folder in
                loseAnswer(folder, .openai)
                let killed = try await folder.generate(.openai, "x", "-v", whenSaid: folder.stop(SIGKILL))
                #expect(killed.exitCode == 128 + SIGKILL)
                for _ in 0..<2 {
                    let again = try await folder.generate(.openai, "x", "--json")
                    #expect(again.exitCode == 1)
                    let object = try folder.object(again)
                    #expect(object["status"] as? String == "held")
                    #expect((object["error"] as? [String: Any])?["code"] as? String == "outcome_unknown")
                }
                #expect(folder.paidRequests.count == 1)
                let told = try await folder.generate(.openai, "x")
                // Without a key, and with no provider named.
                let bare = folder.with { $0.environment["OPENAI_API_KEY"] = nil }
                let pending = try folder.object(try await bare.run(["generate", "--pending", "--json"]))
                let id = try #require(pending["id"] as? String)
                #expect(pending["state"] as? String == "held" && pending["input"] as? String == "x")
                #expect(told.standardError.contains("snug generate --retry \(id)"))
                // Keys change: a person decides with whichever there is.
                let renewed = folder.with { $0.environment["OPENAI_API_KEY"] = "sk-second" }
                let settled = try await (decision == "--retry" ? renewed : bare).run(["generate", decision, id])
                #expect(settled.exitCode == 0, "\(settled.standardError)")
                #expect(folder.simulator.ledger.charges.count == (decision == "--retry" ? 2 : 1))
                #expect(folder.files.count == (decision == "--retry" ? 1 : 0))
                #expect(try await folder.run(["generate", "--pending"]).standardError == "nothing is pending\n")
            }
        }

        @Test("Of several submissions each is made once, wherever it was killed")
        func pieces() async throws {
            try await GenerateFolder.with { folder in
                loseAnswer(folder, .pollinations, skip: 2)
                let killed = try await folder.generate(
                    .pollinations, "x", "--count", "4", "-v", "--concurrency", "1",
                    whenSaid: folder.stop(SIGKILL, afterCharges: 3))
                #expect(killed.exitCode == 128 + SIGKILL)
                let again = try await folder.generate(.pollinations, "x", "--count", "4")
                #expect(again.exitCode == 0, "\(again.standardError)")
                #expect(folder.simulator.ledger.charges.count == 4)
                // What was half written when it was killed has a name that says so.
                let names = folder.files.filter { !$0.hasPrefix(".snug-") }
                #expect(names == ["x-1.jpg", "x-2.jpg", "x-3.jpg", "x-4.jpg"])
                #expect(try await folder.run(["generate", "--pending"]).standardError == "nothing is pending\n")
                // Done: nothing more is paid for, unless that is asked for.
                #expect(try await folder.generate(.pollinations, "x", "--count", "4").exitCode == 0)
                #expect(folder.simulator.ledger.charges.count == 4)
                #expect(try await folder.generate(.pollinations, "x", "--count", "4", "--again").exitCode == 0)
                #expect(folder.simulator.ledger.charges.count == 8)
            }
        }

        @Test("A batch that was killed pays for each line once")
        func batch() async throws {
            try await GenerateFolder.with { folder in
                let lines = (1...5).map { #"{"prompt": "number \#($0)"}"# }.joined(separator: "\n")
                try folder.place.folder.write(Array(lines.utf8), to: "b")
                loseAnswer(folder, .elumenta, skip: 3)
                let killed = try await folder.generate(
                    .elumenta, "--batch", "b", "-v", "--jobs", "2", whenSaid: folder.stop(SIGKILL, afterCharges: 4))
                #expect(killed.exitCode == 128 + SIGKILL)
                let again = try await folder.generate(.elumenta, "--batch", "b")
                #expect(again.exitCode == 0, "\(again.standardError)")
                #expect(folder.simulator.ledger.charges.count == 5)
                #expect(Set(folder.simulator.ledger.charges.map(\.prompt)).count == 5)
            }
        }

        @Test("Ctrl-C ends with 130 and says what goes on", arguments: [ServiceName.pollinations, .elumenta])
        func interrupted(service: ServiceName) async throws {
            try await GenerateFolder.with { folder in
                loseAnswer(folder, service)
                let stopped = try await folder.generate(service, "x", "-v", whenSaid: folder.stop(SIGINT))
                #expect(stopped.exitCode == 130)
                #expect(
                    stopped.standardError.contains("run the same command again to resume"), "\(stopped.standardError)")
                let again = try await folder.generate(service, "x")
                #expect(again.exitCode == 0, "\(again.standardError)")
                #expect(folder.simulator.ledger.charges.count == 1)
            }
        }

        @Test("Ctrl-C in a batch: what was sent is told, what was not is left alone")
        func interruptedBatch() async throws {
            try await GenerateFolder.with { folder in
                let lines = (1...5).map { #"{"prompt": "number \#($0)"}"# }.joined(separator: "\n")
                try folder.place.folder.write(Array(lines.utf8), to: "b")
                loseAnswer(folder, .pollinations)
                loseAnswer(folder, .pollinations)
                let stopped = try await folder.generate(
                    .pollinations, "--batch", "b", "-v", "--json", "--jobs", "2",
                    whenSaid: folder.stop(SIGINT, afterCharges: 2))
                #expect(stopped.exitCode == 130)
                let objects = try CommandFolder.objects(stopped)
                #expect(objects.map { $0["status"] as? String } == ["pending", "pending"])
                #expect(objects.allSatisfy { ($0["error"] as? [String: Any])?["code"] as? String == "interrupted" })
                #expect(
                    stopped.standardError.contains(
                        "Interrupted. Finished images are kept; run the same command again for the rest."))
                #expect(stopped.standardError.contains("0 done, 2 pending, 3 not started"))
                #expect(try await folder.generate(.pollinations, "--batch", "b").exitCode == 0)
                #expect(folder.simulator.ledger.charges.count == 5)
            }
        }

        @Test("Two at once of the same do not both pay")
        func twins() async throws {
            try await GenerateFolder.with { folder in
                folder.simulator.script(Rule(Fault(delay: 600_000), service: .openai, method: "POST"))
                async let first = folder.generate(.openai, "x")
                try await folder.simulator.wait { !$0.isEmpty }
                let second = try await folder.generate(.openai, "x")
                #expect(second.exitCode == 1)
                #expect(second.standardError.contains("another task or process works on"), "\(second.standardError)")
                folder.simulator.clock.advance(by: .seconds(600))
                #expect(try await first.exitCode == 0)
                #expect(folder.simulator.ledger.charges.count == 1)
            }
        }
    }
}
