// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

/// Results that were paid for are delivered, and counted.
@Suite struct GenerateResultTests {
    private let place: CommandFolder

    init() throws {
        var place = try CommandFolder()
        place.runner.environment["OPENAI_API_KEY"] = "sk-main"
        place.runner.environment["SNUG_STATE_DIR"] = place.folder.path.appending("state").string
        place.runner.environment["TMPDIR"] = place.folder.path.string
        self.place = place
    }

    private func generate(_ server: FaultServer, _ arguments: [String]) throws -> (CommandResult, [String: Any]) {
        let options = ["--provider", "openai", "--base-url", server.url("/v1"), "-o", "out/", "--json"]
        let result = try place.runner.run(["generate"] + arguments + options)
        return (result, try CommandFolder.objects(result).last ?? [:])
    }

    private static let image = PNGBuilder(width: 16, height: 12).bytes

    private static func send(_ connection: FaultConnection, images: Int) throws {
        let text = Data(image).base64EncodedString()
        let data = Array(repeating: "{\"b64_json\":\"\(text)\"}", count: images).joined(separator: ",")
        try connection.respond(
            200, ["Content-Type": "application/json"], body: "{\"created\":1,\"data\":[\(data)]}")
    }

    /// A provider that makes one image, whatever it is asked for; each of its requests is paid for.
    private func server(making image: [UInt8]) throws -> FaultServer {
        try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                let text = Data(image).base64EncodedString()
                try connection.respond(
                    200, ["Content-Type": "application/json"],
                    body: "{\"created\":1,\"data\":[{\"b64_json\":\"\(text)\"}]}")
            }
        }
    }

    @Test(
        "A file gets the format of its name, whatever the provider makes",
        arguments: [
            ("x.png", [0x89, 0x50]), ("x.PNG", [0x89, 0x50]), ("x.jpg", [0xFF, 0xD8]), ("x.jpeg", [0xFF, 0xD8]),
            ("sub/x.JPG", [0xFF, 0xD8]),
        ])
    func namedFormat(name: String, start: [UInt8]) throws {
        let server = try server(making: Self.image)
        let arguments = ["generate", "x", "--provider", "openai", "--base-url", server.url("/v1"), "-o", name]
        let result = try place.runner.run(arguments)
        #expect(result.exitCode == 0 && result.standardOutput.hasPrefix(name), "\(result.standardError)")
        #expect(try place.folder.bytes(of: name)?.prefix(2).elementsEqual(start) == true)
        #expect(place.folder.files().filter { !$0.hasPrefix("state/") && !$0.hasPrefix("snug-") } == [name])
        // The same command again pays for nothing.
        #expect(try place.runner.run(arguments).exitCode == 0 && server.requests.count == 1)
    }

    @Test("An image that cannot get the format of its name is kept, and is an error, also when it is asked for again")
    func impossibleFormat() throws {
        var transparent = PNGBuilder(width: 16, height: 12, colourType: 6)
        transparent.lowerFill = 0
        let server = try server(making: transparent.bytes)
        for _ in 0..<2 {
            let result = try place.runner.run([
                "generate", "x", "--provider", "openai", "--base-url", server.url("/v1"), "-o", "x.jpg", "--json",
            ])
            let object = try #require(try CommandFolder.objects(result).last)
            #expect(result.exitCode == 1 && object["status"] as? String == "failed", "\(result.standardOutput)")
            let error = try #require(object["error"] as? [String: Any])
            #expect(error["code"] as? String == "wrong_format")
            let message = try #require(error["message"] as? String)
            #expect(message.contains("transparent") && message.contains("kept as x.png"), "\(message)")
            let outputs = try #require(object["outputs"] as? [[String: Any]])
            #expect(outputs.first?["media_type"] as? String == "image/png")
        }
        #expect(server.requests.count == 1)
        #expect(try place.folder.bytes(of: "x.png") == transparent.bytes)
    }

    @Test("A name of a format that nobody makes is refused before anything is paid", arguments: ["x.heic", "x.pdf"])
    func unknownFormat(name: String) throws {
        let server = try server(making: Self.image)
        let result = try place.runner.run([
            "generate", "x", "--provider", "openai", "--base-url", server.url("/v1"), "-o", name,
        ])
        #expect(result.exitCode == 64)
        #expect(result.standardError.contains("name it .png or .jpg"), "\(result.standardError)")
        #expect(server.requests.isEmpty)
    }

    @Test("A path that names neither an image nor a file is a folder")
    func folder() throws {
        let server = try server(making: Self.image)
        let result = try place.runner.run([
            "generate", "a cat", "--provider", "openai", "--base-url", server.url("/v1"), "-o", "new",
        ])
        #expect(result.exitCode == 0 && result.standardOutput.hasPrefix("new/a-cat.png"), "\(result.standardError)")
    }

    @Test("A silent server ends a dry run and the listings once their time is over")
    func silentServer() throws {
        let server = try FaultServer { connection in while true { _ = try connection.readRequest() } }
        let options = ["--base-url", server.url("/v1"), "--timeout", "0.3"]
        var runner = place.runner
        runner.environment["ELUMENTA_API_KEY"] = "nb_key"
        for provider in ["openai", "elumenta"] {
            let models = try runner.run(["models", "--provider", provider] + options)
            #expect(models.exitCode == 1 && models.standardError.contains("deadline"), "\(models.standardError)")
            let plan = try runner.run(["generate", "x", "--dry-run", "--model", "m", "--provider", provider] + options)
            #expect(plan.exitCode == 0 && plan.standardError.contains("deadline"), "\(plan.standardError)")
        }
        let balance = try runner.run(["balance", "--provider", "elumenta"] + options)
        #expect(balance.exitCode == 1 && balance.standardError.contains("deadline"), "\(balance.standardError)")
    }

    @Test("A result that is not there yet, or not for a while, costs one submission")
    func laterResult() throws {
        let state = Mutex((isThere: false, paid: 0))
        let server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                guard request.method == "GET" else {
                    state.withLock { $0.paid += 1 }
                    let host = request.headers["host"] ?? ""
                    try connection.respond(
                        200, ["Content-Type": "application/json"],
                        body: "{\"created\":1,\"data\":[{\"url\":\"http://\(host)/f.png\"}]}")
                    continue
                }
                guard state.withLock({ $0.isThere }) else {
                    try connection.respond(404)
                    continue
                }
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.image.count)\r\n\r\n")
                try connection.send(Self.image)
            }
        }
        let (first, held) = try generate(server, ["a cat", "--max-attempts", "2"])
        #expect(first.exitCode == 1 && held["status"] as? String == "held", "\(first.standardOutput)")
        state.withLock { $0.isThere = true }
        let listed = try place.runner.run(["generate", "--pending", "--json"])
        let id = try #require(try CommandFolder.objects(listed).first?["id"] as? String)
        // What would change nothing is refused rather than ignored, and what only looks does not pay.
        for extra in [["--dry-run"], ["-o", "elsewhere.png"], ["--model", "m"], ["--drop", id]] {
            let refused = try place.runner.run(["generate", "--retry", id] + extra)
            #expect(refused.exitCode == 64, "\(refused.standardError)")
        }
        // Settings for new requests are no such options.
        try place.folder.write(Array("generate:\n  output: pictures\n  model: m\n".utf8), to: "snug.yaml")
        let second = try place.runner.run(["generate", "--retry", id, "--json", "--config", "snug.yaml"])
        let object = try #require(try CommandFolder.objects(second).last)
        #expect(second.exitCode == 0 && object["recovered"] as? Bool == true, "\(second.standardOutput)")
        #expect(state.withLock { $0.paid } == 1)
    }

    @Test("Fewer images than asked for are told, and a second run makes the missing ones")
    func fewer() throws {
        let asked = Mutex<[Int]>([])
        let server = try FaultServer { connection in
            while true {
                let body = try JSONSerialization.jsonObject(with: Data(try connection.readRequest().body))
                let count = (body as? [String: Any])?["n"] as? Int ?? 1
                let isFirst = asked.withLock { asked in
                    asked.append(count)
                    return asked.count == 1
                }
                try Self.send(connection, images: isFirst ? 1 : count)
            }
        }
        let (first, object) = try generate(server, ["a cat", "-n", "3"])
        #expect(first.exitCode == 1 && object["status"] as? String == "incomplete", "\(first.standardOutput)")
        #expect(object["requested"] as? Int == 3 && object["missing"] as? Int == 2)
        #expect(first.standardError.contains("1 of 3 images"))
        let (second, whole) = try generate(server, ["a cat", "-n", "3"])
        #expect(second.exitCode == 0 && (whole["outputs"] as? [Any])?.count == 3, "\(second.standardOutput)")
        #expect(asked.withLock { $0 } == [3, 2])
    }

    @Test("A mask is sent in the size of its image, also after both were made smaller")
    func mask() throws {
        let bodies = Mutex<[[UInt8]]>([])
        let server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                let number = bodies.withLock { bodies in
                    bodies.append(request.body)
                    return bodies.count
                }
                guard number > 1 else {
                    let words =
                        "{\"error\":{\"message\":\"image too large: maximum is 256 pixels on the longest side\"}}"
                    try connection.respond(400, ["Content-Type": "application/json"], body: words)
                    continue
                }
                try Self.send(connection, images: 1)
            }
        }
        try place.folder.write(PNGBuilder(width: 640, height: 480).bytes, to: "a.png")
        var mask = PNGBuilder(width: 320, height: 240, colourType: 6)
        mask.lowerFill = 255
        try place.folder.write(mask.bytes, to: "mask.png")
        let (result, _) = try generate(
            server, ["x", "--model", "gpt-image-1", "--image", "a.png", "--mask", "mask.png"])
        let sizes = bodies.withLock { $0 }.map(Self.pngSizes)
        #expect(!sizes.isEmpty, "\(result.standardError)")
        for pair in sizes where pair.count == 2 { #expect(pair[0] == pair[1], "\(sizes)") }
        #expect(sizes.first?.count == 2)
    }

    /// The sizes in the headers of all PNG files in a body.
    private static func pngSizes(_ body: [UInt8]) -> [[UInt8]] {
        let mark = Array("IHDR".utf8)
        return body.indices.filter { body[$0...].starts(with: mark) }.map { Array(body[($0 + 4)..<($0 + 12)]) }
    }
}
