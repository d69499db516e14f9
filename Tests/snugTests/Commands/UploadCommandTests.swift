// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@Suite struct UploadCommandTests {
    private let place: CommandFolder
    private let state = ["--state", "state"]

    init() throws { place = try CommandFolder() }

    /// Stores PUTs under their path; answers `status` to them.
    private func server(_ status: Int = 201) throws -> FaultServer {
        let stored = Mutex<[String: [UInt8]]>([:])
        return try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                switch request.method {
                case "PUT":
                    if status < 300 { stored.withLock { $0[request.target] = request.body } }
                    try connection.respond(status, ["Retry-After": "7200"])
                case "OPTIONS": try connection.respond(204)
                default:
                    let body = stored.withLock { $0[request.target] }
                    let text = String(decoding: body ?? [], as: UTF8.self)
                    try connection.respond(
                        body == nil ? 404 : 200, ["Content-Length": "\(body?.count ?? 0)"],
                        body: request.method == "HEAD" ? "" : text)
                }
            }
        }
    }

    private func upload(_ arguments: [String], input: [UInt8] = []) throws -> CommandResult {
        try place.runner.run(["upload"] + arguments + state, input: input)
    }

    @Test("Several files are under way at once")
    func sideBySide() throws {
        let arrived = Mutex(0)
        let server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                guard request.method == "PUT" else {
                    try connection.respond(200, ["Content-Length": "3"])
                    continue
                }
                arrived.withLock { $0 += 1 }
                // Each is answered only once the other has come.
                while arrived.withLock({ $0 }) < 2 { usleep(1000) }
                try connection.respond(201)
            }
        }
        for name in ["a", "b"] { try place.folder.write([1, 2, 3], to: name) }
        let result = try upload(["a", "b", "--to", server.url("/in/"), "--protocol", "put", "--jobs", "2"])
        #expect(result.exitCode == 0, "\(result.standardError)")
        #expect(result.lines.count == 2)
    }

    @Test("Several files go under their names, and each leaves a receipt that verifies")
    func several() throws {
        let server = try server()
        for name in ["a.txt", "b c.txt"] { try place.folder.write(Array("content of \(name)".utf8), to: name) }
        let result = try upload(["a.txt", "b c.txt", "--to", server.url("/in/"), "--protocol", "put", "--json"])
        #expect(result.exitCode == 0, "\(result.standardError)")
        #expect(server.requests.filter { $0.method == "PUT" }.map(\.target).sorted() == ["/in/a.txt", "/in/b%20c.txt"])
        let objects = try CommandFolder.objects(result)
        #expect(objects.map { $0["status"] as? String } == ["uploaded", "uploaded"])
        let receipt = try #require(objects.first?["receipt"] as? String)
        #expect(try upload(["--verify", receipt]).standardOutput.hasPrefix("same_content"))
        _ = try place.shell("sed -i 's/\"sha256\":\"./\"sha256\":\"x/' '\(receipt)'")
        #expect(try upload(["--verify", receipt]).exitCode == 1)
        let other = try #require(objects.last?["receipt"] as? String)
        let both = try upload(["--verify", other, receipt, "--json"])
        let found = try CommandFolder.objects(both).map { $0["verification"] as? String }
        #expect(both.exitCode == 1 && found == ["same_content", "different"])
        let rest = try upload(["--verify", "nowhere.json", other, "--json"])
        let lines = try CommandFolder.objects(rest)
        #expect(rest.exitCode == 1 && lines.map { $0["verification"] as? String } == ["unavailable", "same_content"])
        #expect(Set(lines.map(\.keys.count)) == [4] && (lines.first?["reason"] as? String)?.contains("nowhere") == true)
    }

    @Test("Standard input is uploaded and leaves no copy behind")
    func standardInput() throws {
        let server = try server()
        let result = try upload(["-", "--to", server.url("/x.bin")], input: Array("from a pipe".utf8))
        #expect(result.exitCode == 0, "\(result.standardError)")
        #expect(server.requests.first { $0.method == "PUT" }?.body == Array("from a pipe".utf8))
        #expect(place.folder.files().filter { $0.hasPrefix("state/spool/") } == [])
        #expect(place.folder.files().filter { $0.hasPrefix("state/receipts/") }.count == 1)
    }

    @Test("A refusal is told with its code and the next file goes on")
    func refusal() throws {
        let server = try server(503)
        for name in ["a", "b"] { try place.folder.write([1, 2, 3], to: name) }
        let result = try upload(["a", "b", "missing", "--to", server.url("/x/"), "--protocol", "put", "--json"])
        #expect(result.exitCode == 1)
        let codes = try CommandFolder.objects(result).map { ($0["error"] as? [String: Any])?["code"] as? String }
        #expect(codes.compactMap { $0 }.sorted() == ["retries_spent", "retries_spent", "source_failed"])
    }

    @Test("What is pending is listed with its end")
    func listing() throws {
        let server = try FaultServer { connection in
            while true {
                switch try connection.readRequest().method {
                case "POST":
                    let fields = ["Location": "/u", "Upload-Expires": "Fri, 31 Dec 9999 23:59:59 GMT"]
                    try connection.respond(201, fields)
                case "OPTIONS": try connection.respond(204, ["Tus-Extension": "creation,expiration"])
                default: try connection.respond(503, ["Retry-After": "7200"])
                }
            }
        }
        try place.folder.write([1], to: "a")
        #expect(try upload(["a", "--to", server.url("/x"), "--protocol", "tus"]).exitCode == 1)
        let listed = try CommandFolder.objects(try upload(["--list", "--json"]))
        #expect(listed.first?["expires"] as? Int == 253_402_300_799)
        #expect(try upload(["--list"]).standardOutput.contains(" (expires in "))
        #expect(try upload(["--list", "a"]).exitCode == 64)
    }

    @Test("A state directory that is a file is named with what to do")
    func stateIsAFile() throws {
        try place.folder.write([1], to: "a")
        try place.folder.write([1], to: "state")
        let result = try upload(["a", "--to", "http://127.0.0.1:1/x", "--protocol", "put"])
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("state is not a folder"), "\(result.standardError)")
    }

    @Test("A header from a file is sent and never shown")
    func secretHeader() throws {
        let server = try server(401)
        try place.folder.write([1], to: "a")
        try place.folder.write(Array("X-Api-Key: hunter2\n".utf8), to: "headers")
        let result = try upload(["a", "--to", server.url("/x"), "--protocol", "put", "--header", "@headers", "--json"])
        #expect(server.requests.first?.headers["x-api-key"] == "hunter2")
        #expect(!result.standardOutput.contains("hunter2") && !result.standardError.contains("hunter2"))
        #expect(result.standardOutput.contains("credentials_refused"))
    }

    @Test("Headers are sent in their order, one given twice included")
    func repeatedHeaders() throws {
        let server = try server(201)
        try place.folder.write([1], to: "a")
        let headers = ["X-B: 1", "X-A:2 ", "x-b: 3"].flatMap { ["--header", $0] }
        _ = try upload(["a", "--to", server.url("/x"), "--protocol", "put"] + headers)
        #expect(
            server.requests.first?.lines.filter { $0.lowercased().hasPrefix("x-") } == ["X-B: 1", "X-A: 2", "x-b: 3"])
    }

    @Test(
        "A header that cannot be sent is an error, and nothing is sent", arguments: ["X A: 1", "X-A: a\u{7}b", ": 1"])
    func invalidHeaders(header: String) throws {
        let server = try server(201)
        try place.folder.write([1], to: "a")
        let result = try upload(["a", "--to", server.url("/x"), "--protocol", "put", "--header", header])
        #expect(result.exitCode != 0 && result.standardError.contains("cannot be sent"), "\(result.standardError)")
        #expect(server.requests.isEmpty)
    }

    @Test("Two files with one remote name are refused before a byte is sent, or numbered")
    func collision() throws {
        let server = try server()
        for name in ["d1/IMG.jpg", "d2/IMG.jpg"] { try place.folder.write(Array(name.utf8), to: name) }
        let arguments = ["d1/IMG.jpg", "d2/IMG.jpg", "--to", server.url("/in/"), "--protocol", "put"]
        let refused = try upload(arguments)
        #expect(refused.exitCode == 64 && refused.standardError.contains("d1/IMG.jpg and d2/IMG.jpg"))
        #expect(server.requests.isEmpty)
        let numbered = try upload(arguments + ["--number-duplicates"])
        #expect(numbered.exitCode == 0, "\(numbered.standardError)")
        #expect(Set(server.requests.map(\.target)) == ["/in/IMG.jpg", "/in/IMG-2.jpg"])
    }

    @Test(
        "A form whose sender dies is not sent again unasked",
        arguments: [("TERM", "a.jpg"), ("KILL", "a.jpg"), ("TERM", "-"), ("KILL", "-")])
    func killedForm(signal: String, file: String) throws {
        let got = place.folder.path.appending("got").string
        let server = try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                if connection.number == 1 {
                    try Data().write(to: URL(filePath: got))
                    return connection.waitForClose()
                }
                try connection.respond(200)
            }
        }
        try place.folder.write([1, 2, 3], to: "a.jpg")
        let arguments = [file, "--to", server.url("/f"), "--protocol", "form", "--json"]
        let line = (["upload"] + arguments + state).map { "'\($0)'" }.joined(separator: " ")
        let killed = try place.shell(
            "\"$SNUG\" \(line) < a.jpg & p=$!; while [ ! -e got ]; do sleep 0.02; done; kill -\(signal) $p; wait $p")
        if signal == "TERM" {
            #expect(killed.exitCode == 130)
            let error = try #require(try CommandFolder.objects(killed).first)
            #expect(error["status"] as? String == "interrupted")
            #expect((error["error"] as? [String: Any])?["code"] as? String == "outcome_unknown")
            let advice = killed.standardError
            #expect(advice.contains("--again") && !advice.contains("resume"), "\(advice)")
        }
        #expect(try upload(["--list"]).standardOutput.contains("outcome unknown"))
        let again = try upload(arguments, input: [1, 2, 3])
        let object = try #require(try CommandFolder.objects(again).first)
        #expect(again.exitCode == 1)
        #expect((object["error"] as? [String: Any])?["code"] as? String == "outcome_unknown")
        #expect(server.requests.count == 1)
        #expect(try upload(arguments + ["--again"], input: [1, 2, 3]).exitCode == 0)
        #expect(server.requests.count == 2)
        #expect(try upload(["--list"]).lines.isEmpty)
    }

    @Test("Success and failure have the same keys, and an unreadable name is given in hexadecimal too")
    func shape() throws {
        try place.folder.write([1, 2, 3], to: "a")
        // It ends with its last reference.
        let server = try server()
        let sent = try withExtendedLifetime(server) {
            try upload(["a", "--to", server.url("/in/"), "--protocol", "put", "--json"])
        }
        let refusing = try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(429, ["Retry-After": "7200"])
            }
        }
        let failed = try upload(["a", "--to", refusing.url("/in/"), "--protocol", "put", "--json"])
        let objects = try [sent, failed].map { try #require(try CommandFolder.objects($0).first) }
        #expect(Set(objects[0].keys) == Set(objects[1].keys))
        let error = try #require(objects[1]["error"] as? [String: Any])
        #expect((error["details"] as? [String: Any])?["retry_after"] as? Double == 7200)
        #expect((error["message"] as? String)?.contains("2 h") == true)
        let name: [UInt8] = [0x61, 0xFF]
        let arguments = ["upload", "--to", refusing.url("/in/"), "--protocol", "put", "--json"] + state
        let odd = try place.runner.run(arguments.map { Array($0.utf8) } + [name])
        #expect(try CommandFolder.objects(odd).first?["input_hex"] as? String == "61ff")
    }

    /// Begins tus uploads, takes no byte, and removes them when `removes` says so.
    private func reluctantServer(removes: Bool) throws -> FaultServer {
        try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                let tus = ["Tus-Resumable": "1.0.0", "Tus-Version": "1.0.0", "Tus-Extension": "creation,termination"]
                switch request.method {
                case "OPTIONS": try connection.respond(204, tus)
                case "POST": try connection.respond(201, tus.merging(["Location": "/files/7"]) { $1 })
                case "HEAD":
                    try connection.respond(200, tus.merging(["Upload-Offset": "0", "Upload-Length": "3"]) { $1 })
                case "DELETE": try connection.respond(removes ? 204 : 403, tus)
                default: try connection.respond(503, tus)
                }
            }
        }
    }

    @Test("What is forgotten is removed at the server too")
    func forget() throws {
        let server = try reluctantServer(removes: true)
        try place.folder.write([1, 2, 3], to: "a")
        let tried = try upload(["a", "--to", server.url("/files/"), "--protocol", "tus", "--max-attempts", "1"])
        #expect(tried.exitCode == 1)
        let id = try #require(try upload(["--list"]).lines.first?.split(separator: " ").first.map(String.init))
        let result = try upload(["--forget", id])
        #expect(result.exitCode == 0, "\(result.standardError)")
        #expect(server.requests.last?.method == "DELETE" && server.requests.last?.target == "/files/7")
        #expect(try upload(["--list"]).lines.isEmpty)
    }

    @Test("What the server keeps is told, and forgotten when that is asked for again")
    func forgetTwice() throws {
        let server = try reluctantServer(removes: false)
        try place.folder.write([1, 2, 3], to: "a")
        _ = try upload(["a", "--to", server.url("/files/"), "--protocol", "tus", "--max-attempts", "1"])
        let id = try #require(try upload(["--list"]).lines.first?.split(separator: " ").first.map(String.init))
        let first = try upload(["--forget", id])
        #expect(first.exitCode == 1 && first.standardError.contains("still has its part"))
        #expect(try upload(["--list"]).lines.first?.contains("discarded") == true)
        #expect(try upload(["--forget", id]).exitCode == 0)
        #expect(try upload(["--list"]).lines.isEmpty)
    }

    @Test(
        "Wrong usage ends with 64",
        arguments: [
            [], ["a"], ["--to", "http://h/"], ["a", "--to", "ftp://h/"], ["a", "-", "--to", "http://127.0.0.1:1/"],
            ["a", "--to", "http://127.0.0.1:1/", "--protocol", "carrier-pigeon"], ["--forget", "nothing"],
            ["a", "--to", "http://127.0.0.1:1/b/k", "--protocol", "s3"], ["--verify", "r", "--forget", "b"],
        ])
    func usage(arguments: [String]) throws {
        try place.folder.write([1], to: "a")
        let result = try upload(arguments)
        #expect(result.exitCode == 64, "\(result.standardError)")
    }
}
