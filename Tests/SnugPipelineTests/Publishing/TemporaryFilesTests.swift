// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct TemporaryFilesTests {
    @Test("Only files of our naming that nobody has touched for a day are swept")
    func sweeps() throws {
        let folder = try TemporaryFolder()
        let names = [".snug-abcdefghijk1", ".snug-short", "photo.jpg", "stdin..snug-abcdefghijk1", ".snug-work"]
        for name in names { try folder.write([1], to: name) }
        let tomorrow = WallClock.seconds + 90_000
        TemporaryFiles.sweep(folder.path)
        #expect(Set(folder.files()) == Set(names))
        TemporaryFiles.sweep(folder.path, now: tomorrow)
        #expect(Set(folder.files()) == Set(names.dropFirst()))
        TemporaryFiles.sweep(folder.path, start: "stdin.", now: tomorrow)
        #expect(Set(folder.files()) == [".snug-short", "photo.jpg", ".snug-work"])
    }
}
