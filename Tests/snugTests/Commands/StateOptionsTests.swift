// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

@testable import snug

@Suite struct StateOptionsTests {
    @Test(
        "The state folder follows the XDG Base Directory Specification",
        arguments: [
            (["HOME": "/home/a"], "/home/a/.local/state/snug"),
            (["HOME": "/home/a", "XDG_STATE_HOME": "/var/state"], "/var/state/snug"),
            // Relative and empty paths are to be ignored.
            (["HOME": "/home/a", "XDG_STATE_HOME": "state"], "/home/a/.local/state/snug"),
            (["HOME": "/home/a", "XDG_STATE_HOME": ""], "/home/a/.local/state/snug"),
            (["HOME": "/home/a", "SNUG_STATE_DIR": "/srv/snug", "XDG_STATE_HOME": "/x"], "/srv/snug"),
        ])
    func folder(environment: [String: String], path: String) {
        #expect(StateOptions.usual { environment[$0] } == FilePath(path))
    }

    @Test("Commands that need no state make none")
    func untouched() throws {
        let place = try CommandFolder()
        var runner = place.runner
        runner.environment["SNUG_STATE_DIR"] = place.folder.path.appending("state").string
        try place.folder.write(CommandFolder.jpeg(), to: "a.jpg")
        for arguments in [
            ["--version"], ["fit", "a.jpg", "-o", "out", "-n"], ["inspect", "a.jpg"], ["profiles"], ["doctor"],
        ] {
            #expect(try runner.run(arguments).exitCode == 0, "\(arguments)")
        }
        #expect(place.folder.files() == ["a.jpg"])
    }

    @Test("The state of an earlier version is taken over by the first command, and what cannot be read is named")
    func takenOver() throws {
        let place = try CommandFolder()
        let key = String(repeating: "0123abcd", count: 4)
        let record =
            #"{"key":"\#(key)","path":"/x","fingerprint":"f","bytes":3,"target":"http://h/","wire":"tus","#
            + #""uploadURL":"http://h/1","sentEverything":false,"isDiscarded":false,"created":5}"#
        _ = try place.shell("mkdir -p state/uploads")
        try place.folder.write(Array(record.utf8), to: "state/uploads/\(key).json")
        try place.folder.write(Array("{".utf8), to: "state/uploads/\(key)-2.json")
        for _ in 0..<2 {
            let listed = try place.runner.run(["upload", "--list", "--state", "state"])
            #expect(listed.exitCode == 0 && listed.standardOutput.hasPrefix(key), "\(listed.standardError)")
            #expect(listed.standardError.contains("\(key)-2.json: it cannot be read"))
        }
        #expect(place.folder.files().contains("state/uploads/\(key).json.migrated"))
    }

    @Test("Each input has its line of JSON where the state folder cannot be used", arguments: ["file", "/proc/x"])
    func unusable(state: String) throws {
        var place = try CommandFolder()
        place.runner.environment["OPENAI_API_KEY"] = "k"
        for name in ["file", "a.jpg", "b.jpg", "p.jsonl"] {
            let text = name == "p.jsonl" ? "{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n" : "x"
            try place.folder.write(Array(text.utf8), to: name)
        }
        let upload = ["upload", "a.jpg", "b.jpg", "--to", "http://127.0.0.1:1/", "--protocol", "put"]
        let generate = ["generate", "--provider", "openai", "--base-url", "http://127.0.0.1:1/v1", "-o", "out/"]
        for (arguments, inputs, code) in [
            (upload, ["a.jpg", "b.jpg"], "state_failed"), (generate + ["a"], ["a"], "journal_failed"),
            (generate + ["--batch", "p.jsonl"], ["a", "b"], "journal_failed"),
        ] {
            let result = try place.runner.run(arguments + ["--json", "--state", state])
            #expect(result.exitCode == 1)
            let objects = try CommandFolder.objects(result)
            #expect(objects.map { $0["input"] as? String } == inputs, "\(result.standardError)")
            for object in objects {
                let error = object["error"] as? [String: Any]
                #expect(object["status"] as? String == "failed" && error?["code"] as? String == code)
                #expect((error?["message"] as? String)?.contains("--state") == true)
            }
        }
        for arguments in [["upload", "--list"], ["generate", "--pending"]] {
            let result = try place.runner.run(arguments + ["--json", "--state", state])
            #expect(result.exitCode == 1)
            #expect(try CommandFolder.objects(result).map { $0["error"] is [String: Any] } == [true])
        }
    }

    @Test("As JSON, two files that would get one name have their lines")
    func collision() throws {
        let place = try CommandFolder()
        for name in ["d1/a.jpg", "d2/a.jpg"] { try place.folder.write([1], to: name) }
        let target = ["--to", "http://127.0.0.1:1/", "--protocol", "put", "--state", "s"]
        let result = try place.runner.run(["upload", "d1/a.jpg", "d2/a.jpg", "--json"] + target)
        #expect(result.exitCode == 64)
        let codes = try CommandFolder.objects(result).map { ($0["error"] as? [String: Any])?["code"] as? String }
        #expect(codes == ["name_collision", "name_collision"])
    }

    @Test("As JSON, too, a header's file that cannot be read is told, and messages name options")
    func options() throws {
        let place = try CommandFolder()
        try place.folder.write([1], to: "a.jpg")
        for (arguments, code, words) in [
            (["http://127.0.0.1:1/", "--header", "@none"], "not_found", "cannot open none"),
            (["http://snug.invalid/"], "not_supported", "pass --allow-plain-http if the network is yours"),
        ] {
            let result = try place.runner.run(["upload", "a.jpg", "--json", "--state", "s", "--to"] + arguments)
            let error = try CommandFolder.objects(result).first?["error"] as? [String: Any]
            #expect(result.exitCode == 1 && error?["code"] as? String == code, "\(result.standardError)")
            #expect((error?["message"] as? String)?.contains(words) == true)
        }
    }
}
