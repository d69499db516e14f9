// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSimulator
import SnugTestSupport
import Testing

extension GenerateTests {
    @Suite struct Output {
        @Test("The object of --json has all keys, always")
        func keys() async throws {
            try await GenerateFolder.with { folder in
                folder.simulator.script(Rule(Fault(answer: .status(code: 503)), service: .pollinations))
                let good = try await folder.generate(.pollinations, "x", "--json")
                #expect(good.exitCode == 0, "\(good.standardError)")
                folder.simulator.script(Rule(Fault(answer: .status(code: 403)), service: .pollinations))
                let bad = try await folder.generate(.pollinations, "y", "--json")
                #expect(bad.exitCode == 1)
                let expected = [
                    "attempts", "cost", "error", "id", "input", "line", "missing", "model", "outputs", "polls",
                    "provider",
                    "recovered", "request_id", "requested", "seconds", "seed", "status",
                ]
                let (done, failed) = (try folder.object(good), try folder.object(bad))
                for object in [done, failed] {
                    #expect(object.keys.sorted() == expected)
                    let attempt = try #require((object["attempts"] as? [[String: Any]])?.first)
                    #expect(
                        attempt.keys.sorted() == [
                            "bytes_received", "bytes_sent", "failure", "number", "outcome", "request_id", "seconds",
                            "start", "status", "wait",
                        ])
                }
                #expect(done["status"] as? String == "completed" && done["error"] is NSNull)
                #expect((done["attempts"] as? [Any])?.count == 2)
                let image = try #require((done["outputs"] as? [[String: Any]])?.first)
                #expect(
                    image.keys.sorted() == [
                        "bytes", "height", "media_type", "path", "revised_prompt", "source", "width",
                    ])
                #expect(failed["status"] as? String == "failed")
                let error = try #require(failed["error"] as? [String: Any])
                #expect(error.keys.sorted() == ["code", "details", "message"])
                #expect(error["code"] as? String == "forbidden")
                let details = try #require(error["details"] as? [String: Any])
                #expect(
                    details.keys.sorted() == [
                        "available", "fields", "job", "journal_key", "outcome_unknown", "provider_code", "request_id",
                        "required", "retry_after", "retry_at", "status", "suggestions", "was_retried",
                    ])
                #expect(details["status"] as? Int == 403)
            }
        }

        @Test(
            "Wrong usage ends with 64 and sends nothing",
            arguments: [
                ([], "PROMPT"), (["x"], "--provider"), (["x", "--provider", "dalle"], "pollinations"),
                (["x", "--batch", "y", "--provider", "openai"], "not both"), (["--pending", "x"], "no prompt"),
                (["x", "--provider", "openai", "--size", "big"], "1024x768"),
                (["x", "--provider", "openai", "--rate-limit", "5"], "60/min"),
                (["x", "--provider", "openai", "--param", "quality"], "name=value"),
                (["x", "--provider", "openai", "--timeout", "0"], "above 0"),
                (["x", "--provider", "openai", "--base-url", "ftp://x"], "http"),
                (["x", "--provider", "elumenta", "--image", "a.png"], "--host"),
                (["x", "--provider", "openai", "--count", "0"], "above 0"),
                (["--drop", "nothing"], "nothing pending is named"),
                (["--retry", "nothing"], "nothing pending is named"),
                (["--retry", "k", "--dry-run"], "--retry and --dry-run"),
                (["--drop", "k", "--dry-run"], "--drop and --dry-run"),
                (["--unpark", "--provider", "openai", "--dry-run"], "--unpark and --dry-run"),
                (["--retry", "k", "--drop", "k"], "--retry and --drop both name 'k'"),
                (["--retry", "k", "-o", "b.png"], "--output does not go with --retry"),
                (["--drop", "k", "--again"], "--again does not go with --drop"),
                (["--retry", "k", "-n", "2"], "--count does not go with --retry"),
                (["x", "--provider", "openai", "--key-file", "a", "--session-file", "b"], "exclude"),
                (["   ", "--provider", "openai"], "blank"),
                (["x", "--provider", "openai", "--count", "101"], "1 to 100"),
                (["x", "--provider", "pollinations", "--size", "63x64"], "64 to 2048"),
                (["--batch", "missing.jsonl", "--provider", "openai"], "missing.jsonl"),
            ])
        func usage(arguments: [String], hint: String) async throws {
            let place = try CommandFolder()
            var runner = place.runner
            runner.environment.merge(GenerateFolder.keys) { $1 }
            let result = try runner.run(["generate"] + arguments)
            #expect(result.exitCode == (hint == "missing.jsonl" ? 1 : 64), "\(result.standardError)")
            #expect(result.standardError.contains(hint), "\(result.standardError)")
            #expect(result.standardOutput.isEmpty)
        }

        @Test(
            "A missing key is named by its variable; loopback needs none", arguments: ["generate", "models", "balance"])
        func missingKey(command: String) async throws {
            let place = try CommandFolder()
            let prompt = command == "generate" ? ["x"] : []
            for (provider, variable) in [
                ("pollinations", "POLLINATIONS_API_KEY"), ("elumenta", "ELUMENTA_API_KEY"),
                ("openai", "OPENAI_API_KEY"),
            ] {
                let result = try place.runner.run([command] + prompt + ["--provider", provider])
                #expect(result.exitCode == 64)
                #expect(result.standardError.contains("set \(variable)"), "\(result.standardError)")
            }
            let address = ["--base-url", "http://127.0.0.1:1/", "--max-attempts", "1"].prefix(prompt.isEmpty ? 2 : 4)
            let loopback = try place.runner.run([command] + prompt + ["--provider", "pollinations"] + address)
            #expect(!loopback.standardError.contains("API_KEY"), "\(loopback.standardError)")
            let dead = try place.runner.run([command, "--json"] + prompt + ["--provider", "pollinations"] + address)
            #expect(dead.exitCode == 1 && Self.errorCode(dead) != nil, "\(dead.standardOutput)")
        }

        @Test("Keys come from files too, and odd ones are a warning")
        func keyFile() async throws {
            try await GenerateFolder.with { folder in
                try folder.place.folder.write(Array("  sk_paid \nmore".utf8), to: "key")
                let bare = folder.with { $0.environment["POLLINATIONS_API_KEY"] = "odd" }
                let result = try await bare.generate(.pollinations, "x", "--key-file", "key")
                #expect(result.exitCode == 0, "\(result.standardError)")
                let odd = try await bare.generate(.pollinations, "x")
                #expect(odd.standardError.hasPrefix("snug: warning: Pollinations' keys begin with sk_"))
            }
        }

        @Test(
            "Keys are in no output, even when the provider repeats them",
            arguments: [ServiceName.pollinations, .elumenta, .openai])
        func secrets(service: ServiceName) async throws {
            try await GenerateFolder.with { folder in
                let key = try #require(GenerateFolder.keys["\(service.rawValue.uppercased())_API_KEY"])
                for status in [400, 401, 402, 403, 404, 429, 500] {
                    for style in [["-v"], ["--json", "-v"], ["--quiet"]] {
                        folder.simulator.clearScript()
                        folder.simulator.script(
                            Rule(Fault(answer: .echoesKey(status: status)), service: service, times: nil))
                        let arguments = ["generate", "x", "--max-attempts", "1"] + style + folder.options(service)
                        let result = try await folder.run(arguments)
                        #expect(result.exitCode != 0)
                        #expect(
                            !result.standardOutput.contains(key) && !result.standardError.contains(key), "\(status)")
                    }
                }
                folder.simulator.clearScript()
                // Another prompt: the first one is held where its outcome is unknown.
                let plan = try await folder.generate(service, "y", "--dry-run", "-v")
                #expect(plan.exitCode == 0 && !plan.standardOutput.contains(key), "\(plan.standardError)")
                for file in folder.place.folder.files() {
                    let bytes = try folder.place.folder.bytes(of: file) ?? []
                    #expect(!String(decoding: bytes, as: UTF8.self).contains(key), "\(file)")
                }
            }
        }

        @Test("With one attempt one request leaves", arguments: [ServiceName.pollinations, .elumenta, .openai])
        func oneAttempt(service: ServiceName) async throws {
            try await GenerateFolder.with { folder in
                folder.simulator.script(Rule(Fault(answer: .status(code: 503)), service: service, times: nil))
                let result = try await folder.generate(
                    service, "x", "--max-attempts", "1", "--fallback-model", "photon")
                #expect(result.exitCode == 1, "\(result.standardError)")
                #expect(folder.simulator.requests.count == 1)
            }
        }

        @Test("A wait longer than there is time ends at once and says until when")
        func longWait() async throws {
            try await GenerateFolder.with { folder in
                folder.simulator.script(
                    Rule(
                        Fault(answer: .status(code: 429), hints: [.retryAfter(text: "847")]), service: .pollinations))
                let result = try await folder.generate(.pollinations, "x", "--timeout", "60", "--json")
                #expect(result.exitCode == 1)
                let error = try #require(try folder.object(result)["error"] as? [String: Any])
                let details = try #require(error["details"] as? [String: Any])
                #expect(error["code"] as? String == "rate_limited" && details["retry_after"] as? Int == 847)
                #expect((details["retry_at"] as? Int ?? 0) > Int(Date().timeIntervalSince1970) + 700)
                #expect(folder.paidRequests.count == 1)
            }
        }

        @Test(
            "A rehearsal sends nothing that could be paid for",
            arguments: [ServiceName.pollinations, .elumenta, .openai])
        func rehearsal(service: ServiceName) async throws {
            try await GenerateFolder.with { folder in
                let arguments = ["generate", "x", "--count", "2", "--dry-run"] + folder.options(service)
                let text = try await folder.run(arguments)
                #expect(text.exitCode == 0, "\(text.standardError)")
                #expect(text.standardOutput.contains("submission"))
                for name in ["model", "size", "seed"] {
                    #expect(text.standardOutput.contains("\n\(name) "), "\(text.standardOutput)")
                }
                if service == .openai {
                    let secret = try await folder.run(
                        arguments + ["--param", "api_key=hush", "--param", "max_tokens=4"])
                    #expect(secret.standardOutput.contains(/api_key +\*\*\*\n/))
                    #expect(secret.standardOutput.contains(/max_tokens +4\n/))
                }
                let json = try folder.object(try await folder.run(arguments + ["--json"]))
                #expect(json["status"] as? String == "planned")
                #expect(json["submissions"] as? Int == (service == .openai ? 1 : 2))
                #expect(folder.paidRequests.isEmpty && folder.files.isEmpty)
                guard service == .elumenta else { return }
                #expect(text.standardOutput.contains("cost 2 tokens\nbalance 1000 tokens, which is enough\n"))
                folder.simulator.setBalance(1, account: "elite", service: .elumenta)
                let poor = try await folder.run(arguments)
                #expect(poor.exitCode == 1 && poor.standardOutput.contains("which is not enough"))
            }
        }

        /// The code of the error that is the only line of a command's JSON.
        private static func errorCode(_ result: CommandResult) -> String? {
            guard let objects = try? CommandFolder.objects(result), objects.count == 1 else { return nil }
            return (objects.first?["error"] as? [String: Any])?["code"] as? String
        }

        @Test("Models and balance are tables or JSON")
        func account() async throws {
            try await GenerateFolder.with { folder in
                let models = try await folder.run(["models"] + folder.options(.elumenta))
                #expect(models.exitCode == 0, "\(models.standardError)")
                #expect(models.standardOutput.contains("photon-flash          1  1024x1024"))
                let names = try CommandFolder.objects(
                    try await folder.run(["models", "--json"] + folder.options(.pollinations)))
                #expect(names.contains { $0["name"] as? String == "flux" && $0["takes_images"] as? Bool == false })
                let balance = try await folder.run(["balance"] + folder.options(.pollinations))
                #expect(balance.standardOutput == "100 pollen\n")
                let json = try folder.object(try await folder.run(["balance", "--json"] + folder.options(.elumenta)))
                #expect(json["amount"] as? Int == 1000 && json["unit"] as? String == "tokens")
                #expect(try await folder.run(["balance"] + folder.options(.openai)).exitCode == 1)
                let none = try await folder.run(["balance", "--json"] + folder.options(.openai))
                #expect(none.exitCode == 1 && Self.errorCode(none) == "provider_failed", "\(none.standardOutput)")
                let stranger = folder.with { $0.environment["ELUMENTA_API_KEY"] = "nb_of_nobody" }
                let refused = try await stranger.run(["balance", "--json"] + folder.options(.elumenta))
                #expect(refused.exitCode == 1 && Self.errorCode(refused) != nil, "\(refused.standardOutput)")
            }
        }

        @Test("A terminal sees one line within its width, which is gone at the end")
        func terminal() async throws {
            try await GenerateFolder.with { folder in
                folder.simulator.script(
                    Rule(Fault(delay: 3000), service: .pollinations), Rule(Fault(), service: .pollinations))
                let terminal = folder.with { $0.errorStream = .terminal(columns: 40) }
                let result = try await terminal.generate(
                    .pollinations, "a very long prompt that does not fit into forty columns", "-o", "x.jpg")
                #expect(result.exitCode == 0)
                let parts = result.standardError.split(
                    separator: "\r\u{1B}[K", omittingEmptySubsequences: false)
                #expect(parts.count > 3 && parts.contains { $0.contains("submitting") })
                #expect(parts.allSatisfy { $0.count < 40 && !$0.contains("\n") })
                #expect(parts.last?.isEmpty == true)
                #expect(result.standardOutput.hasPrefix("x.jpg  1024x1024"))
            }
        }
    }
}
