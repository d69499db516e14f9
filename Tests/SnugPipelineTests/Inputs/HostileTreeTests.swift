// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline

/// Folders that somebody else filled, with everything that a file system can hold.
@Suite struct HostileTreeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func walk(
        _ walk: InputWalk = InputWalk(), _ arguments: [FilePath]? = nil
    ) throws -> InputWalk.Result { try walk.files(for: arguments ?? [folder.path]) }

    private func relatives(_ result: InputWalk.Result) -> [String] { result.files.map(\.relative.string) }

    @Test("Folders nested hundreds deep are walked to the bottom")
    func deep() throws {
        let path = (0..<400).map { _ in "d" }.joined(separator: "/")
        try folder.write([1], to: path + "/a.jpg")
        #expect(relatives(try walk()) == [path + "/a.jpg"])
    }

    @Test("Thousands of files in one folder come in the order of their bytes")
    func wide() throws {
        for index in 0..<2_000 { try folder.write([], to: "\(index)") }
        #expect(relatives(try walk()) == (0..<2_000).map { "\($0)" }.sorted())
    }

    @Test("Links that lead to themselves, to each other, upwards and nowhere end the walk", arguments: [true, false])
    func links(follows: Bool) throws {
        try folder.write([1], to: "real/a.jpg")
        for (name, target) in [
            ("self", "self"), ("one", "two"), ("two", "one"), ("real/up", ".."), ("here", "."), ("gone", "nowhere"),
            ("file.jpg", "real/a.jpg"), ("root", "/proc/self/root/nonexistent"),
        ] { try folder.makeLink(name, to: target) }
        let result = try walk(InputWalk(followsLinks: follows))
        let files = relatives(result)
        #expect(files.contains("real/a.jpg") && Set(files).count == files.count)
        if follows {
            #expect(files.contains("file.jpg"))
            #expect(Set(result.failures.map(\.path.lastComponent?.string)) == ["self", "one", "two", "gone", "root"])
        } else {
            #expect(files == ["real/a.jpg"] && result.failures.isEmpty)
            #expect(result.skipped.count == 8 && result.skipped.allSatisfy { $0.reason == .symbolicLink })
        }
    }

    @Test("Names that hide, move cursors or are no UTF-8 are names like others")
    func names() throws {
        let names: [[UInt8]] = [
            [0x0A], [0x1B, 0x5B, 0x32, 0x4A], [0xFF, 0xFE], Array("a b".utf8), Array("-rf".utf8), Array("*".utf8),
            Array("$(id)".utf8), Array("ü".utf8), Array("\u{202E}gpj.exe".utf8), [0x20], [0x5C],
        ]
        for name in names { try folder.write([1], toName: name) }
        for hidden in [".hidden.jpg", "..jpg", ".snug-abc"] { try folder.write([1], to: hidden) }
        let result = try walk()
        #expect(Set(result.files.map { $0.relative.bytes }) == Set(names))
        #expect(result.files.allSatisfy { !$0.isNamed && $0.byteCount == 1 })
    }

    @Test("Pipes, sockets and devices are left out, and never opened")
    func special() throws {
        try folder.makePipe("pipe.jpg")
        try folder.write([1], to: "a.jpg")
        let result = try walk()
        #expect(relatives(result) == ["a.jpg"])
        #expect(result.skipped.map(\.reason) == [.notARegularFile])
        let device = try walk(InputWalk(), ["/dev/null"])
        // Named by the caller: opening it decides.
        #expect(device.files.map(\.path) == ["/dev/null"])
    }

    @Test("A folder that cannot be listed is a failure with its reason, and the others are walked")
    func unreadable() async throws {
        try folder.write([1], to: "a/a.jpg")
        try folder.write([1], to: "b/b.jpg")
        let path = folder.path
        #expect(try ChildProcess(["/bin/chmod", "000", path.appending("a").string]).wait() == 0)
        #expect(try ChildProcess(["/bin/chmod", "755", path.string, path.appending("b").string]).wait() == 0)
        let result = try await onThread(asNobody: true) { () -> ([String], [ImageError.Code]) in
            let result = try InputWalk().files(for: [path])
            return (result.files.map(\.relative.string), result.failures.map(\.error.code))
        }
        #expect(try ChildProcess(["/bin/chmod", "755", path.appending("a").string]).wait() == 0)
        #expect(result.0 == ["b/b.jpg"] && result.1 == [.permissionDenied])
    }

    @Test("The output folder is known by what it is, not by its name", arguments: ["out", "link", "./x/../out"])
    func outputFolder(name: String) throws {
        try folder.write([1], to: "out/old.jpg")
        try folder.write([1], to: "x/a.jpg")
        try folder.makeLink("link", to: "out")
        let identity = try FileIdentity(of: folder.path.appending(FilePath(name).components), followsLinks: true)
        let result = try walk(InputWalk(outputFolder: identity))
        #expect(relatives(result) == ["x/a.jpg"])
        #expect(result.notices.count == 1 && result.notices[0].contains("is the output folder"))
        let error = #expect(throws: ImageError.self) {
            try walk(InputWalk(outputFolder: identity), [folder.path.appending(FilePath(name).components)])
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test("One folder named in two ways is walked for each name, as it was asked for")
    func twice() throws {
        try folder.write([1], to: "in/a.jpg")
        let inside = folder.path.appending("in")
        let dotted = folder.path.appending("in").appending(FilePath("../in").components)
        let result = try walk(InputWalk(), [inside, inside, dotted])
        #expect(result.files.map(\.relative.string) == ["in/a.jpg", "in/a.jpg"])
    }

    @Test("Cancelling is asked for at every folder")
    func cancelled() throws {
        for index in 0..<10 { try folder.write([1], to: "\(index)/a.jpg") }
        for limit in 0..<11 {
            var asked = 0
            #expect(throws: CancellationError.self) {
                try InputWalk().files(for: [folder.path]) {
                    asked += 1
                    return asked > limit
                }
            }
            #expect(asked == limit + 1)
        }
    }
}
