// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import Logging
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Synchronization
import Testing

extension GenerateTests {
    @Suite struct Prompts {
        @Test(
            "A prompt becomes a checked image, paid for once",
            arguments: [ServiceName.pollinations, .elumenta, .openai])
        func prompt(service: ServiceName) async throws {
            try await GenerateFolder.with { folder in
                let result = try await folder.generate(service, "A lighthouse at dusk", "-o", "out/")
                #expect(result.exitCode == 0, "\(result.standardError)")
                #expect(result.standardError.isEmpty, "\(result.standardError)")
                let file = try #require(folder.files.first { $0.hasPrefix("out/a-lighthouse-at-dusk.") })
                #expect(result.lines.count == 1 && result.standardOutput.hasPrefix("\(file)  1024x1024  "))
                #expect(folder.simulator.ledger.charges.count == 1)
                #expect(folder.simulator.leakedCredentials.isEmpty)
                // Nothing is left to be settled, and the same command finds what was paid for.
                #expect(try await folder.run(["generate", "--pending"]).standardOutput.isEmpty)
                let same = try await folder.generate(service, "A lighthouse at dusk", "-o", "out/")
                #expect(same.exitCode == 0 && same.standardOutput.hasPrefix(file))
                #expect(same.standardOutput.contains("already there (--again generates another)"))
                let plan = try await folder.generate(
                    service, "A lighthouse at dusk", "-o", "out/", "--dry-run", "--json")
                #expect(try folder.object(plan)["submissions"] as? Int == 0)
                #expect(folder.simulator.ledger.charges.count == 1)
                let other = try await folder.generate(service, "A lighthouse at dusk", "-o", "out/", "--again")
                #expect(other.exitCode == 0 && !other.standardOutput.contains("already there"))
                #expect(folder.simulator.ledger.charges.count == 2 && folder.files.count == 2)
            }
        }

        @Test("Several images are numbered", arguments: [ServiceName.pollinations, .elumenta, .openai])
        func several(service: ServiceName) async throws {
            try await GenerateFolder.with { folder in
                let result = try await folder.generate(service, "cat", "-n", "3", "-o", "cat.png", "--json")
                #expect(result.exitCode == 0, "\(result.standardError)")
                let outputs = try #require(try folder.object(result)["outputs"] as? [[String: Any]])
                let names = outputs.compactMap { ($0["path"] as? String)?.split(separator: "/").last?.prefix(6) }
                #expect(names == ["cat-1.", "cat-2.", "cat-3."])
                #expect(folder.simulator.ledger.entries.map(\.prompt).allSatisfy { $0 == "cat" })
            }
        }

        @Test(
            "An image of this machine is fitted and reaches the provider the way it takes it",
            arguments: [
                (ServiceName.pollinations, "kontext"), (.elumenta, "flux-kontext-pro"), (.openai, "gpt-image-1.5"),
            ])
        func localImage(service: ServiceName, model: String) async throws {
            try await GenerateFolder.with { folder in
                try folder.place.folder.write(PNGBuilder(width: 64, height: 48).bytes, to: "Mein Bild.png")
                let host = "pollinations=\(folder.simulator.addresses[.media])"
                let result = try await folder.generate(
                    service, "at night", "--model", model, "--image", "Mein Bild.png", "--host", host, "-v")
                #expect(result.exitCode == 0, "\(result.standardError)")
                #expect(result.standardError.contains("fitted mein-bild.png"))
                let isHosted = folder.simulator.requests.contains { $0.service == .media && $0.method == "POST" }
                #expect(isHosted == (service == .elumenta))
                #expect(result.standardError.contains("anybody who knows their address") == isHosted)
                #expect(folder.simulator.ledger.charges.count == 1)
            }
        }

        @Test("A mask keeps its size and has to have transparency")
        func mask() async throws {
            try await GenerateFolder.with { folder in
                try folder.place.folder.write(PNGBuilder(width: 64, height: 64).bytes, to: "a.png")
                var mask = PNGBuilder(width: 64, height: 64)
                mask.colourType = 6
                mask.lowerFill = 255
                try folder.place.folder.write(mask.bytes, to: "mask.png")
                let good = try await folder.generate(.openai, "hat", "--image", "a.png", "--mask", "mask.png")
                #expect(good.exitCode == 0, "\(good.standardError)")
                let bad = try await folder.generate(.openai, "hat", "--image", "a.png", "--mask", "a.png")
                #expect(bad.exitCode == 1)
                #expect(bad.standardError.contains(": has no transparency"))
                // Every pixel the same: fully opaque, and fully transparent.
                let words = [255: "is opaque everywhere", 0: "is transparent everywhere"]
                for (alpha, complaint) in words {
                    (mask.fill, mask.lowerFill) = (UInt8(alpha), nil)
                    try folder.place.folder.write(mask.bytes, to: "useless.png")
                    let useless = try await folder.generate(.openai, "hat", "--image", "a.png", "--mask", "useless.png")
                    #expect(useless.exitCode == 1 && useless.standardError.contains(complaint))
                }
                #expect(folder.simulator.ledger.charges.count == 1)
            }
        }

        @Test("Nothing is replaced unless that is asked for, and the provider is asked for the format of the name")
        func places() async throws {
            try await GenerateFolder.with { folder in
                try folder.place.folder.write([1, 2, 3], to: "pic.webp")
                let first = try await folder.generate(.elumenta, "dog", "-o", "pic.webp")
                #expect(first.standardOutput.hasPrefix("pic-2.webp"), "\(first.standardError)")
                #expect(try folder.place.folder.bytes(of: "pic.webp") == [1, 2, 3])
                let second = try await folder.generate(.elumenta, "dog", "-o", "pic.webp", "--overwrite", "--again")
                #expect(second.standardOutput.hasPrefix("pic.webp"), "\(second.standardError)")
                #expect(try folder.place.folder.bytes(of: "pic.webp")?.count ?? 0 > 3)
                let third = try await folder.generate(.elumenta, "dog", "-o", "pic.png")
                #expect(third.standardOutput.hasPrefix("pic.png"), "\(third.standardError)")
                #expect(try folder.place.folder.bytes(of: "pic.png")?.starts(with: [0x89, 0x50]) == true)
            }
        }

        @Test(
            "Hostile prompts make harmless names",
            arguments: [
                ("../../etc/passwd", "etc-passwd."), (".hidden", "hidden."),
                ("a\u{1B}[31mred\u{7}\n\rb", "a-31mred-b."),
                ("-rf *", "rf."), ("<>:\"/\\|?*", "image."), ("ÄÖ 日本語", "äö-日本語."),
                (String(repeating: "wort ", count: 40), "wort-wort-"), ("gpj\u{202E}exe", "gpj-exe."),
            ])
        func hostilePrompt(prompt: String, name: String) async throws {
            try await GenerateFolder.with { folder in
                let result = try await folder.run(["generate"] + folder.options(.openai) + ["-v", "--", prompt])
                #expect(result.exitCode == 0, "\(result.standardError)")
                #expect(folder.files.count == 1)
                let file = try #require(folder.files.first)
                #expect(file.hasPrefix(name) && file.utf8.count <= 65, "\(file)")
                for text in [result.standardOutput, result.standardError] {
                    #expect(!text.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{7}" || $0 == "\u{202E}" })
                }
                #expect(folder.simulator.ledger.entries.map(\.prompt) == [prompt])
            }
        }

        @Test("A prompt comes from standard input without the line end")
        func standardInput() async throws {
            try await GenerateFolder.with { folder in
                let result = try await folder.generate(
                    .pollinations, "-", "--seed", "7", input: Array("two\nlines\n".utf8))
                #expect(result.exitCode == 0, "\(result.standardError)")
                #expect(folder.simulator.ledger.charges.map(\.prompt) == ["two\nlines"])
                #expect(folder.simulator.ledger.charges.map(\.seed) == [7])
            }
        }

        @Test("Parameters reach the provider with their types")
        func parameters() async throws {
            try await GenerateFolder.with { folder in
                let result = try await folder.generate(
                    .openai, "x", "--param", "quality=high", "--param", "output_compression=80", "--format", "webp")
                #expect(result.exitCode == 0, "\(result.standardError)")
                let body = String(decoding: folder.paidRequests.first?.body ?? [], as: UTF8.self)
                #expect(body.contains(#""quality":"high""#) && body.contains(#""output_compression":80"#), "\(body)")
                #expect(folder.files == ["x.webp"])
            }
        }

        @Test("Unfinished images are kept beside the finished one")
        func unfinished() async throws {
            try await GenerateFolder.with { folder in
                let result = try await folder.generate(
                    .openai, "x", "--model", "gpt-image-1.5", "--partial-images", "2")
                #expect(result.exitCode == 0, "\(result.standardError)")
                #expect(folder.files == ["x.png", "x.unfinished-1.png", "x.unfinished-2.png"])
            }
        }

        @Test("A fallback model is asked when the first has no capacity, and told")
        func fallback() async throws {
            try await GenerateFolder.with { folder in
                folder.simulator.script(
                    Rule(
                        Fault(answer: .status(code: 503), hints: [.retryAfter(text: "30")]), service: .elumenta,
                        method: "POST"))
                let result = try await folder.generate(.elumenta, "x", "--fallback-model", "photon", "--json")
                #expect(result.exitCode == 0, "\(result.standardError)")
                #expect(try folder.object(result)["model"] as? String == "photon")
            }
        }

        @Test("A session's expired token is refreshed, and the new pair kept")
        func session() async throws {
            try await GenerateFolder.with { folder in
                let login = ClientRequest(
                    "POST", try HTTPURL(folder.simulator.addresses[.elumenta] + "/auth/login"),
                    headerFields: ["Content-Type": "application/json"],
                    body: HTTPBody(bytes: Array(#"{"email": "elite@example.test", "password": "password"}"#.utf8)))
                let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                let client = try HTTPClient(configuration: HTTPClientConfiguration(), logger: logger)
                let tokens = try await client.send(login).body
                try folder.place.folder.write(tokens, to: "session.json")
                folder.simulator.clock.advance(by: .seconds(1000))
                let result = try await folder.generate(.elumenta, "x", "--session-file", "session.json", "-v")
                #expect(result.exitCode == 0, "\(result.standardError)")
                #expect(try folder.place.folder.bytes(of: "session.json") != tokens)
                #expect(folder.simulator.ledger.charges.count == 1)
            }
        }

        @Test("Images go into a bucket under their digest, and the provider gets an address that works for a day")
        func bucket() async throws {
            let stored = StoredObjects()
            let server = try Self.bucketServer(stored)
            try await GenerateFolder.with { folder in
                let image = PNGBuilder(width: 20, height: 20).bytes
                try folder.place.folder.write(image, to: "a.png")
                let aws = folder.with {
                    $0.environment["AWS_ACCESS_KEY_ID"] = "AKID"
                    $0.environment["AWS_SECRET_ACCESS_KEY"] = "very-secret"
                    $0.environment["AWS_ENDPOINT_URL"] = server.url("/")
                }
                let result = try await aws.generate(
                    .elumenta, "x", "--model", "flux-kontext-pro", "--image", "a.png", "--host", "s3://bucket/in", "-v")
                #expect(result.exitCode == 0, "\(result.standardError)")
                #expect(stored.all.values.map { $0 } == [image])
                let name = try #require(stored.all.keys.first)
                #expect(name.hasPrefix("/bucket/in/") && name.hasSuffix(".png") && name.utf8.count == 11 + 64 + 4)
                let body = String(decoding: folder.paidRequests.last?.body ?? [], as: UTF8.self)
                #expect(body.contains("X-Amz-Expires=86400"), "\(body)")
                #expect(!result.standardError.contains("very-secret") && !result.standardError.contains("Signature"))
                // Its copy on the disk is gone.
                #expect(!folder.place.folder.files().contains { $0.hasPrefix(".snug-") })
            }
        }

        @Test("Without keys a bucket is refused before anything is read")
        func bucketWithoutKeys() throws {
            let place = try CommandFolder()
            try place.folder.write(PNGBuilder().bytes, to: "a.png")
            var runner = place.runner
            runner.environment.merge(GenerateFolder.keys) { $1 }
            let keyless = try runner.run(
                ["generate", "x", "--provider", "elumenta", "--image", "a.png", "--host", "s3://bucket"])
            #expect(keyless.exitCode == 64 && keyless.standardError.contains("AWS_ACCESS_KEY_ID"))
        }

        /// Objects by their paths.
        private final class StoredObjects: Sendable {
            private let objects = Mutex<[String: [UInt8]]>([:])
            var all: [String: [UInt8]] { objects.withLock { $0 } }
            func put(_ bytes: [UInt8], at path: String) { objects.withLock { $0[path] = bytes } }
        }

        /// As much of S3 as one upload needs.
        private static func bucketServer(_ stored: StoredObjects) throws -> FaultServer {
            try FaultServer { connection in
                while true {
                    let request = try connection.readRequest()
                    let path = String(request.target.prefix { $0 != "?" })
                    switch request.method {
                    case "PUT":
                        stored.put(request.body, at: path)
                        try connection.respond(200, ["ETag": "\"part\""])
                    case "POST" where request.target.contains("uploads"):
                        try connection.respond(
                            200,
                            body:
                                "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
                    case "POST":
                        try connection.respond(
                            200, body: "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>")
                    default:
                        let count = stored.all[path]?.count ?? 0
                        try connection.respond(200, ["Content-Length": "\(count)"])
                    }
                }
            }
        }
    }
}
