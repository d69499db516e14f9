// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct TemporaryFilesTests {
    @Test("Only files of our naming that nobody has touched for a day are swept")
    func sweeps() throws {
        let folder = try TemporaryFolder()
        let names = [
            ".snug-abcdefghijklmno1", ".snug-short", "photo.jpg", "stdin..snug-abcdefghijklmno1", ".snug-work",
        ]
        for name in names { try folder.write([1], to: name) }
        let tomorrow = WallClock.seconds + 90_000
        TemporaryFiles.sweep(folder.path)
        #expect(Set(folder.files()) == Set(names))
        TemporaryFiles.sweep(folder.path, now: tomorrow)
        #expect(Set(folder.files()) == Set(names.dropFirst()))
        TemporaryFiles.sweep(folder.path, start: "stdin.", now: tomorrow)
        #expect(Set(folder.files()) == [".snug-short", "photo.jpg", ".snug-work"])
    }

    @Test("What an ended process of this machine left is swept at once; a living one's and another machine's are not")
    func orphans() throws {
        let folder = try TemporaryFolder()
        let ended = try ChildProcess(["/bin/true"])
        #expect(ended.wait() == 0)
        let orphan = TemporaryFiles.prefix + TemporaryName(process: ended.identifier).random()
        let others = [
            TemporaryFiles.randomName(),
            TemporaryFiles.prefix + TemporaryName(process: getppid()).random(),
            TemporaryFiles.prefix + TemporaryName(place: "none", process: ended.identifier).random(),
        ]
        for name in others + [orphan] { try folder.write([1], to: name) }
        TemporaryFiles.sweep(folder.path)
        #expect(Set(folder.files()) == Set(others))
    }
}
