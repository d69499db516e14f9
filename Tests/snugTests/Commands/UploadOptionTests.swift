// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import SystemPackage
import Testing

/// Options of `snug upload` that only some protocols have a use for, and the names that pending uploads are listed by.
@Suite struct UploadOptionTests {
    private let place: CommandFolder

    init() throws { place = try CommandFolder() }

    private func upload(_ arguments: [String], input: [UInt8] = []) throws -> CommandResult {
        try place.runner.run(["upload"] + arguments + ["--state", "state"], input: input)
    }

    @Test("A pending upload is listed by the file that a person knows, whatever is sent of it")
    func listed() throws {
        let tus = ["Tus-Resumable": "1.0.0", "Tus-Version": "1.0.0", "Tus-Extension": "creation"]
        let server = try FaultServer { connection in
            while true {
                switch try connection.readRequest().method {
                case "OPTIONS": try connection.respond(204, tus)
                case "POST": try connection.respond(201, tus.merging(["Location": "/files/7"]) { $1 })
                case "HEAD": try connection.respond(200, tus.merging(["Upload-Offset": "0"]) { $1 })
                default: try connection.respond(503, tus)
                }
            }
        }
        let target = ["--to", server.url("/files/"), "--protocol", "tus", "--max-attempts", "1"]
        #expect(try upload(["-"] + target, input: [1, 2, 3]).exitCode == 1)
        #expect(try upload(["--list"]).lines.first?.contains("  standard input → http") == true)
        let listed = try CommandFolder.objects(try upload(["--list", "--json"]))
        #expect(listed.map { $0["input"] as? String } == ["-"])
        try place.folder.write(CommandFolder.commented(bytes: 200_000), to: "b.jpg")
        #expect(try upload(["b.jpg", "--fit", "--limit", "100kB"] + target).exitCode == 1)
        let path = place.folder.path.appending("b.jpg").string
        #expect(try upload(["--list"]).lines.contains { $0.contains("  \(path) → http") })
    }

    @Test(
        "An option that the protocol has no use for is refused by name",
        arguments: [
            ("put", ["--presign", "60"], "s3"), ("tus", ["--region", "eu"], "s3"), ("put", ["--field", "a=b"], "form"),
            ("s3", ["--file-field", "f"], "form"), ("auto", ["--ranged-style", "session"], "ranged-put"),
        ])
    func useless(name: String, option: [String], needed: String) throws {
        let result = try upload(["a", "--to", "http://127.0.0.1:1/b/", "--protocol", name] + option)
        #expect(result.exitCode == 64)
        let words = "\(option[0]) is for --protocol \(needed), and the protocol is \(name)"
        #expect(result.standardError.contains(words), "\(result.standardError)")
    }

    @Test("A configured option that the protocol has no use for does not count where another protocol is asked for")
    func configured() throws {
        try place.folder.write(Array("upload: {protocol: s3, presign: 60, region: eu}\n".utf8), to: "c.yaml")
        try place.folder.write([1], to: "a")
        let server = try FaultServer { connection in
            while true {
                let isStored = try connection.readRequest().method == "PUT"
                try connection.respond(isStored ? 201 : 200, ["Content-Length": isStored ? "0" : "1"])
            }
        }
        let result = try upload(["a", "--to", server.url("/in/"), "--protocol", "put", "--config", "c.yaml"])
        #expect(result.exitCode == 0, "\(result.standardError)")
    }
}
