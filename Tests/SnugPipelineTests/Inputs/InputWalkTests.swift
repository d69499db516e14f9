// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct InputWalkTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in [
            "in/b.jpg", "in/a.png", "in/sub/deep/c.jpg", "in/.hidden.jpg", "in/.snug-abc", "in/sub/.git/d.jpg",
        ] {
            try folder.write([1, 2, 3], to: name)
        }
    }

    private func path(_ name: String) -> FilePath { folder.path.appending(FilePath(name).components) }

    private func link(_ target: String, _ name: String) {
        unsafe path(name).withPlatformString { link in
            unsafe path(target).withPlatformString { _ = unsafe symlink($0, link) }
        }
    }

    @Test("A folder is walked in the order of names, without what is hidden, and mirrored")
    func walks() throws {
        let result = try InputWalk().files(for: [path("in")])
        #expect(result.files.map(\.relative.string) == ["a.png", "b.jpg", "sub/deep/c.jpg"])
        #expect(result.files.allSatisfy { !$0.isNamed && !$0.followsLinks && $0.byteCount == 3 })
    }

    @Test("Without recursion only the folder's own files are taken")
    func notRecursive() throws {
        let result = try InputWalk(isRecursive: false).files(for: [path("in")])
        #expect(result.files.map(\.relative.string) == ["a.png", "b.jpg"])
    }

    @Test("Several folders keep their own names")
    func severalFolders() throws {
        try folder.write([1], to: "other/a.png")
        let result = try InputWalk(isRecursive: false).files(for: [path("in/"), path("other")])
        #expect(result.files.map(\.relative.string) == ["in/a.png", "in/b.jpg", "other/a.png"])
    }

    @Test("A named file goes straight below the output, a file named twice is taken once, '-' is standard input")
    func namedFiles() throws {
        let result = try InputWalk(readsStream: true).files(
            for: [path("in/sub/deep/c.jpg"), path("in/sub/deep/c.jpg"), "-"])
        #expect(result.files.map(\.relative.string) == ["c.jpg", "stdin"])
        #expect(result.files.map(\.origin) == [.file, .standardInput])
        #expect(result.files.allSatisfy { $0.isNamed })
    }

    @Test("Links inside a folder are followed only on request, and never in a circle")
    func links() throws {
        link("in", "in/sub/loop")
        link("in/b.jpg", "in/z.jpg")
        let strict = try InputWalk().files(for: [path("in")])
        #expect(strict.files.count == 3)
        #expect(strict.skipped.map { $0.path.lastComponent?.string } == ["z.jpg", "loop"])
        let following = try InputWalk(followsLinks: true).files(for: [path("in")])
        #expect(following.files.map(\.relative.string) == ["a.png", "b.jpg", "z.jpg", "sub/deep/c.jpg"])
    }

    @Test("A pipe named like an image is passed by")
    func pipes() throws {
        unsafe path("in/p.jpg").withPlatformString { _ = unsafe mkfifo($0, 0o600) }
        let result = try InputWalk().files(for: [path("in")])
        #expect(result.files.count == 3)
        #expect(result.skipped.map(\.reason) == [.notARegularFile])
    }

    @Test("An output folder inside the input is not read again, and as the input it is refused")
    func outputInside() throws {
        let output = try FileIdentity(of: path("in/sub"), followsLinks: true)
        let result = try InputWalk(outputFolder: output).files(for: [path("in")])
        #expect(result.files.map(\.relative.string) == ["a.png", "b.jpg"])
        #expect(result.notices.count == 1)
        #expect { try InputWalk(outputFolder: output).files(for: [path("in/sub")]) } throws: { error in
            (error as? ImageError)?.code == .invalidArgument
        }
    }

    @Test("What is not there is a failure of its own, and the others are walked")
    func missing() throws {
        let result = try InputWalk().files(for: [path("nowhere.jpg"), path("in")])
        #expect(result.failures.map(\.error.code) == [.notFound])
        #expect(result.files.count == 3)
    }

    @Test("Names that are no UTF-8 are found and opened")
    func brokenNames() throws {
        try folder.write([9], toName: Array("in/".utf8) + [0xFF, 0x2E, 0x6A])
        let result = try InputWalk().files(for: [path("in")])
        let file = try #require(result.files.first { $0.relative.bytes == [0xFF, 0x2E, 0x6A] })
        #expect(try ImageSource(file: file.path).byteCount == 1)
    }

    @Test("An input that is named twice, with and without a dot, is one")
    func dots() throws {
        let names = ["in/a.png", "./in/a.png", "in/./a.png", "in/sub/../a.png"]
        let result = try InputWalk(readsStream: true).files(for: names.map { path($0) } + ["-", "-"])
        // A step to the parent may lead elsewhere: behind a link.
        #expect(result.files.map(\.path) == [path("in/a.png"), path("in/sub/../a.png"), "-"])
    }

    @Test("Cancelling ends a walk")
    func cancels() {
        #expect(throws: CancellationError.self) { try InputWalk().files(for: [path("in")], isCancelled: { true }) }
    }
}
