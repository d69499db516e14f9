// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import SnugTestSupport
import SystemPackage
import Testing

/// `--isolate`, and what the daemon does without being asked, through the built command.
@Suite struct IsolationCommandTests {
    private var snug: CommandFolder

    init() throws {
        snug = try CommandFolder()
        snug.runner.environment["SNUG_STATE_DIR"] = "state"
    }

    /// A process, and the one that started it.
    private struct Process: Hashable {
        var id: Int32
        var parent: Int32
        var isZombie: Bool

        static func all() throws -> [Process] {
            try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
                guard let id = Int32(name), let text = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
                    let fields = text.split(separator: ") ").last?.split(separator: " "), fields.count > 1,
                    let parent = Int32(fields[1])
                else { return nil }
                return Process(id: id, parent: parent, isZombie: fields[0] == "Z")
            }
        }

        static func children(of parent: Int32) throws -> [Process] { try all().filter { $0.parent == parent } }
    }

    @Test("A folder of all kinds becomes the same bytes and the same errors with --isolate")
    func sameBytes() throws {
        var png = PNGBuilder(width: 60, height: 40)
        png.lowerFill = 200
        try snug.folder.write(CommandFolder.jpeg(64, 48), to: "in/a.jpg")
        try snug.folder.write(CommandFolder.commented(bytes: 100_000), to: "in/b.jpg")
        try snug.folder.write(png.bytes, to: "in/c.png")
        try snug.folder.write(try WorkerFile.bytes("turned-6.heic"), to: "in/d.heic")
        try snug.folder.write(Array(CommandFolder.jpeg(64, 48).dropLast(20)), to: "in/e.jpg")
        try snug.folder.write(Array("GIF89a is no image of ours".utf8), to: "in/f.gif")
        let plain = try snug.snug("fit", "in", "-o", "plain", "--limit", "50k", "--json")
        let isolated = try snug.snug("fit", "in", "-o", "isolated", "--limit", "50k", "--json", "--isolate")
        #expect(plain.exitCode == 1 && isolated.exitCode == 1, "\(isolated.standardError)")
        let errors = try [plain, isolated].map { result in
            try CommandFolder.objects(result).compactMap { ($0["error"] as? [String: Any])?["message"] as? String }
                .sorted()
        }
        #expect(errors[0].count == 2 && errors[0] == errors[1], "\(errors)")
        for name in ["a.jpg", "b.jpg", "c.png"] {
            let (here, there) = (try bytes("plain/\(name)"), try bytes("isolated/\(name)"))
            #expect(here == there && !here.isEmpty, "\(name)")
        }
    }

    private func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: snug.folder.path.appending(name).string))
    }

    @Test("--isolate of an upload is about the fit on the way")
    func upload() throws {
        let result = try snug.snug("upload", "a.jpg", "--to", "http://127.0.0.1:9/", "--isolate")
        #expect(result.exitCode == 64 && result.standardError.contains("pass --fit, too"), "\(result.standardError)")
    }

    @Test("The daemon fits in processes of its own unless told not to, and they die with it", arguments: [true, false])
    func daemon(isolates: Bool) throws {
        for name in ["in", "out"] { try snug.folder.write([], to: "\(name)/.keep") }
        var (isDropped, children): (Bool, [Process]?) = (false, nil)
        let arguments =
            ["watch", "in", "-o", "out", "--settle", "100ms", "--log-format", "json"]
            + (isolates ? [] : ["--no-isolate"])
        _ = try snug.runner.run(arguments.map { Array($0.utf8) }, input: []) { process, text in
            if !isDropped, text.contains("daemon started") {
                isDropped = true
                _ = try? snug.folder.write(CommandFolder.jpeg(), to: "in/a.jpg")
            }
            if children == nil, text.contains("result delivered") {
                children = try? Process.children(of: process)
                kill(process, SIGKILL)
            }
        }
        let started = try #require(children)
        #expect(started.isEmpty == !isolates)
        for child in started {
            while try Process.all().contains(where: { $0.id == child.id && !$0.isZombie }) { usleep(1_000) }
        }
    }
}
