// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import SystemPackage
import Testing

/// `snug watch` on real file systems that have no room, or cannot be written, and have or can be a while later.
@Suite("Watching on small file systems") struct SmallFileSystemTests {
    /// A fault of a file system, and its end.
    struct Fault: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// The folder that is a file system of its own: `in`, `out` or `state`.
        var place: String
        var options: String
        /// Shell that brings the fault about, and shell that ends it.
        var begins: String
        var ends: String
        /// The part of the log that tells of the fault.
        var sign: String
    }

    private static let fill = "cat /dev/zero > PLACE/.x 2>/dev/null"
    private static let useInodes = "n=0; while (: > PLACE/.x$n) 2>/dev/null; do n=$((n + 1)); done"

    private static let faults = [
        Fault(
            testDescription: "an outbox without blocks", place: "out", options: "size=64k", begins: fill,
            ends: "rm PLACE/.x", sign: "work stands still"),
        Fault(
            testDescription: "an outbox without inodes", place: "out", options: "size=1m,nr_inodes=12",
            begins: useInodes, ends: "rm PLACE/.x*", sign: "work stands still"),
        Fault(
            testDescription: "an outbox that cannot be written", place: "out", options: "size=1m",
            begins: "mount -o remount,ro PLACE", ends: "mount -o remount,rw PLACE", sign: "work stands still"),
        Fault(
            testDescription: "an inbox without inodes", place: "in", options: "size=1m,nr_inodes=24", begins: useInodes,
            ends: "rm PLACE/.x*", sign: "files cannot be taken now"),
        Fault(
            testDescription: "an inbox that cannot be written", place: "in", options: "size=1m",
            begins: "mount -o remount,ro PLACE", ends: "mount -o remount,rw PLACE", sign: "files cannot be taken now"),
        Fault(
            testDescription: "a state folder without blocks", place: "state", options: "size=4m", begins: fill,
            ends: "rm PLACE/.x", sign: "work stands still"),
    ]

    /// The life of one file system: the daemon starts, the fault begins, a file comes, the fault ends, another file comes.
    private static let story = #"""
        mkdir -p in out state && mount -t tmpfs -o OPTIONS none PLACE || exit 77
        until_() { i=0; until eval "$1"; do i=$((i + 1)); [ $i -gt 900 ] && exit 70; sleep 0.1; done 2>/dev/null; }
        # With a ledger that is there, its log is short, and has to grow.
        "$SNUG" watch in -o out --once --settle 0s || exit 71
        "$SNUG" watch in -o out --settle 50ms --log-format json 2>log & daemon=$!
        trap 'kill -CONT $daemon; kill -KILL $daemon' EXIT
        until_ 'grep -q "daemon started" log'
        # It sees the file once the fault has begun.
        kill -STOP $daemon; cp a.jpg in/a.jpg; BEGINS; kill -CONT $daemon
        until_ 'grep -q "SIGN" log'
        until_ '! ls -A out | grep -qv "^.x"'
        ENDS
        cp b.jpg in/b.jpg
        until_ '[ -s out/a.jpg ] && [ -s out/b.jpg ] && [ ! -e in/a.jpg ] && [ ! -e in/b.jpg ]'
        until_ '! "$SNUG" jobs --json | grep -qv "\"state\":\"delivered\""'
        trap - EXIT; kill -TERM $daemon; wait $daemon; echo "exit $?"
        echo $(ls -A out); echo "failed $(ls -A failed 2>/dev/null | wc -l)"
        echo "left $(find . -name '.snug-*' -type f | wc -l)"
        "$SNUG" jobs verify >&2 && echo whole
        "$SNUG" jobs --json; "$SNUG" jobs status --json
        """#

    @Test(
        "Work waits for room or permission, costs no attempt, leaves nothing half-written, and resumes by itself",
        .timeLimit(.minutes(3)), arguments: faults)
    func waitsAndResumes(fault: Fault) throws {
        guard Namespaces.areThere else { return print("SKIPPED for want of user namespaces: \(fault.testDescription)") }
        var story = Self.story
        for (mark, text) in [
            ("BEGINS", fault.begins), ("ENDS", fault.ends), ("SIGN", fault.sign), ("OPTIONS", fault.options),
            ("PLACE", fault.place),
        ] {
            story = story.replacing(mark, with: text)
        }
        let result = try Namespaces.run(folder(), story)
        #expect(result.exitCode == 0, "\(result.standardOutput) \(result.standardError)")
        let lines = result.lines
        try #require(lines.count >= 7, "\(lines) \(result.standardError)")
        #expect(
            Array(lines[..<5]) == ["exit 0", "a.jpg b.jpg", "failed 0", "left 0", "whole"], "\(result.standardError)")
        let objects = try lines[5...].map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
        let jobs = objects.filter { $0["id"] != nil }
        #expect(jobs.count == 2)
        for job in jobs {
            // The attempt that succeeded is the first one.
            #expect(job["state"] as? String == "delivered" && job["crashes"] as? Int == 0)
            #expect((job["attempt"] as? Int).map { $0 <= 1 } == true, "\(job)")
        }
        let books = try #require(objects.first { $0["seen"] != nil })
        #expect(books["seen"] as? Int == 2 && books["delivered"] as? Int == 2 && books["balanced"] as? Bool == true)
    }

    @Test("Folders from which no program may be run are folders like any other")
    func noPrograms() throws {
        guard Namespaces.areThere else { return print("SKIPPED for want of user namespaces: noexec") }
        let folder = try folder()
        let line = """
            mkdir t && mount -t tmpfs -o size=4m,noexec,nosuid,nodev none t && cd t && mkdir in && cp ../a.jpg in/ && \
            "$SNUG" watch in -o out --once --settle 0s --state state && "$SNUG" jobs verify --state state >&2 && echo whole
            """
        let result = try Namespaces.run(folder, line)
        #expect(result.exitCode == 0 && result.lines.last == "whole", "\(result.standardError)")
    }

    private func folder() throws -> CommandFolder {
        var folder = try CommandFolder()
        folder.runner.environment["SNUG_STATE_DIR"] = "state"
        try folder.folder.write(CommandFolder.commented(bytes: 6000), to: "a.jpg")
        try folder.folder.write(CommandFolder.commented(bytes: 7000), to: "b.jpg")
        return folder
    }
}

/// A file system tree of a test's own, where the system lets everybody have one.
private enum Namespaces {
    static let areThere: Bool = {
        guard let folder = try? CommandFolder() else { return false }
        return (try? run(folder, "mount -t tmpfs -o size=64k none ."))?.exitCode == 0
    }()

    /// Runs lines of shell as the owner of a tree of mounts that ends with them.
    static func run(_ folder: CommandFolder, _ lines: String) throws -> CommandResult {
        try folder.folder.write(Array(lines.utf8), to: "story")
        return try folder.shell("exec unshare -rm /bin/sh story")
    }
}
