// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@Suite struct UploadFolderTests {
    private let place: CommandFolder

    init() throws { place = try CommandFolder() }

    private func upload(_ arguments: [String]) throws -> CommandResult {
        try place.runner.run(["upload"] + arguments + ["--protocol", "put", "--state", "state"])
    }

    @Test("Where no server tells its protocol, each file has its line of JSON")
    func noServer() throws {
        for name in ["a", "b"] { try place.folder.write([1], to: name) }
        let address = try FaultServer { _ in }.url("/in/")
        let result = try place.snug(
            "upload", "a", "b", "--to", address, "--state", "state", "--json", "--max-attempts", "1")
        #expect(result.exitCode == 1)
        let objects = try CommandFolder.objects(result)
        #expect(objects.map { $0["input"] as? String } == ["a", "b"])
        for object in objects {
            #expect(object["status"] as? String == "failed")
            let error = try #require(object["error"] as? [String: Any])
            #expect(error["code"] is String && error["message"] is String)
        }
    }

    @Test("A folder is fitted on the way, and the same command again sends nothing")
    func fitted() throws {
        let server = try StoringServer()
        try place.folder.write(CommandFolder.jpeg(), to: "photos/a.jpg")
        try place.folder.write(CommandFolder.commented(bytes: 200_000), to: "photos/deep/b.jpg")
        try place.folder.write(Array("text".utf8), to: "photos/c.txt")
        let command = ["photos/", "--to", server.server.url("/in/"), "--fit", "--limit", "100kB", "--json"]
        let result = try upload(command)
        #expect(result.exitCode == 0, "\(result.standardError)")
        let objects = try CommandFolder.objects(result)
        let byInput = Dictionary(uniqueKeysWithValues: objects.map { ($0["input"] as? String ?? "", $0) })
        #expect(byInput["photos/a.jpg"]?["status"] as? String == "uploaded")
        #expect((byInput["photos/deep/b.jpg"]?["fit"] as? [String: Any])?["status"] as? String == "stripped")
        #expect(byInput["photos/c.txt"]?["reason"] as? String == "not_an_image")
        #expect(server.stored.keys.sorted() == ["/in/a.jpg", "/in/deep/b.jpg"])
        #expect(server.stored.values.allSatisfy { $0.count <= 100_000 })
        let again = try CommandFolder.objects(try upload(command))
        #expect(again.map { $0["status"] as? String } == ["skipped", "skipped", "skipped"])
        #expect(again.count { $0["reason"] as? String == "already_uploaded" } == 2)
        let told = try upload(Array(command.dropLast()))
        #expect(told.exitCode == 0 && told.standardError.contains("0 sent, 0 failed, 3 skipped"), "\(told)")
        #expect(try upload(command + ["--again"]).lines.count { $0.contains("\"uploaded\"") } == 2)
    }

    @Test("Files and folders are listed in a file or a pipe", arguments: [false, true])
    func listed(hasNULs: Bool) throws {
        let server = try StoringServer()
        try place.folder.write(CommandFolder.jpeg(), to: "b c.jpg")
        try place.folder.write(CommandFolder.jpeg(20, 20), to: "in/d.jpg")
        try place.folder.write([7], to: "-")
        let list = Array((hasNULs ? "in\0b c.jpg\0-\0" : "in\nb c.jpg\r\n-\n").utf8)
        let target = ["--to", server.server.url("/x/"), "--protocol", "put", "--state", "state", "--json"]
        let options = hasNULs ? ["-0"] : []
        let piped = try place.runner.run(["upload", "--files-from", "-"] + options + target, input: list)
        #expect(piped.exitCode == 0, "\(piped.standardError)")
        #expect(server.stored.keys.sorted() == ["/x/-", "/x/b%20c.jpg", "/x/d.jpg"])
        try place.folder.write(list, to: "list")
        let again = try place.runner.run(["upload", "--files-from", "list"] + options + target)
        #expect(try CommandFolder.objects(again).map { $0["status"] as? String } == ["skipped", "skipped", "skipped"])
        let none = try place.runner.run(["upload", "--files-from", "gone", "a.jpg"] + target)
        #expect(none.exitCode == 1 && none.standardError.contains("cannot open gone: No such file or directory"))
        #expect(try CommandFolder.objects(none).map { $0["input"] as? String } == ["a.jpg"])
        for (arguments, words) in [
            (["-", "--files-from", "list"], "cannot be one of several"), (["a", "-0"], "--null is about --files-from"),
            (["--list", "--files-from", "list"], "upload nothing; leave out the files"),
            (["--list", "-0"], "upload nothing; leave out the files"),
            ([], "no input is given: pass files, folders, '-', or --files-from FILE"),
        ] {
            let refused = try place.runner.run(["upload"] + arguments + target)
            #expect(refused.exitCode == 64 && refused.standardError.contains(words), "\(refused.standardError)")
        }
    }

    @Test("Empty folders and files are told, and a file that is not there is named with its path to check")
    func empty() throws {
        let server = try FaultServer { connection in
            while true {
                let isHead = try connection.readRequest().method == "HEAD"
                try connection.respond(isHead ? 200 : 201, isHead ? ["Content-Length": "0"] : [:])
            }
        }
        try FileManager.default.createDirectory(
            atPath: place.folder.path.appending("none").string, withIntermediateDirectories: true)
        let target = ["--to", server.url("/x/")]
        let nothing = try upload(["none"] + target)
        #expect(nothing.exitCode == 0 && nothing.standardError.contains("there are no files in the inputs"))
        try place.folder.write([], to: "zero.jpg")
        #expect(try upload(["zero.jpg"] + target).standardError.contains("zero.jpg: is empty (0 bytes)"))
        let missing = try upload(["zero.jpg", "gone.jpg"] + target)
        #expect(missing.exitCode == 1 && missing.standardError.contains("gone.jpg: cannot be read:"))
        #expect(missing.standardError.contains("check the path\n"))
    }

    @Test("Limits without --fit, and two files of one name, are bad usage before anything is sent")
    func usage() throws {
        let server = try StoringServer()
        for name in ["one/x", "two/x"] { try place.folder.write([1], to: name) }
        for limit in [["--limit", "1MB"], ["--max-width", "100"], ["--min-bytes", "20kB"], ["--short-side", "9"]] {
            let limited = try upload(["one", "--to", server.server.url("/in/")] + limit)
            #expect(limited.exitCode == 64 && limited.standardError.contains("--fit"), "\(limit)")
        }
        let twins = try upload(["one/x", "two/x", "--to", server.server.url("/in/")])
        #expect(twins.exitCode == 64 && twins.standardError.contains("would both be"), "\(twins.standardError)")
        #expect(server.server.requests.isEmpty)
    }

    @Test("A named pipe that nobody writes to is refused at once, alone and in a list")
    func pipe() throws {
        let server = try StoringServer()
        try place.folder.makePipe("pipe")
        try place.folder.write([1], to: "file")
        for inputs in [["pipe"], ["pipe", "file"]] {
            let result = try upload(inputs + ["--to", server.server.url("/in/"), "--protocol", "put"])
            #expect(result.exitCode == 1 && result.standardError.contains("pipe"), "\(result.standardError)")
            #expect(!result.standardError.contains("Invalid argument"), "\(result.standardError)")
        }
        #expect(server.stored.keys.sorted() == ["/in/file"])
    }

    @Test("Killed again and again, a folder arrives whole, and each file that had arrived is not sent again")
    func killed() async throws {
        let server = try StoringServer(delay: 15_000)
        let count = 40
        for number in 0..<count {
            try place.folder.write(CommandFolder.commented(bytes: 120_000 + number), to: "photos/\(number).jpg")
        }
        let command =
            [
                place.runner.program.string, "upload", "photos", "--to", server.server.url("/in/"), "--protocol", "put",
                "--fit", "--limit", "100kB", "--state", "state", "--json", "--jobs", "2",
            ]
        var kills = 0
        while true {
            let process = try ChildProcess(command, folder: place.folder.path)
            let before = server.puts
            let isKilled = try await onThread {
                // After some files of this run, wherever it is then.
                while process.isRunning, server.puts < before + 5 { usleep(500) }
                guard process.isRunning else { return false }
                process.signal(SIGKILL)
                return process.wait() == 128 + SIGKILL
            }
            if !isKilled {
                #expect(try await onThread { process.wait() } == 0)
                break
            }
            kills += 1
        }
        #expect(kills >= 3)
        #expect(server.stored.count == count && server.stored.values.allSatisfy { $0.count <= 100_000 })
        // A file is sent again only when its run was killed before it was noted: two are under way at a time.
        #expect(server.puts <= count + 2 * kills, "\(server.puts) after \(kills) kills")
        let last = try CommandFolder.objects(
            try upload(["photos", "--to", server.server.url("/in/"), "--fit", "--limit", "100kB", "--json"]))
        #expect(last.count == count && last.allSatisfy { $0["reason"] as? String == "already_uploaded" })
        // What was half-written when it was killed has a name that says so, and goes after a day.
        let left = place.folder.files().filter { $0.hasPrefix("state/fitted/") && !$0.hasPrefix("state/fitted/.snug-") }
        #expect(left == [])
        #expect(try place.runner.run(["doctor", "--state", "state"]).exitCode == 0)
    }
}

/// Stores PUTs under their paths.
private final class StoringServer: Sendable {
    private final class State: Sendable {
        let stored = Mutex<[String: [UInt8]]>([:])
        let puts = Mutex(0)
    }
    private let state = State()
    let server: FaultServer

    /// - Parameter delay: Microseconds before each response.
    init(delay: UInt32 = 0) throws {
        let state = state
        server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                if request.method == "PUT" {
                    usleep(delay)
                    state.stored.withLock { $0[request.target] = request.body }
                    state.puts.withLock { $0 += 1 }
                    try connection.respond(201)
                } else {
                    let count = state.stored.withLock { $0[request.target]?.count }
                    try connection.respond(count == nil ? 404 : 200, ["Content-Length": "\(count ?? 0)"])
                }
            }
        }
    }

    var stored: [String: [UInt8]] { state.stored.withLock { $0 } }
    var puts: Int { state.puts.withLock { $0 } }
}
