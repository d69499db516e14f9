// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct TemporaryFilesTests {
    @Test("Names are hidden, ours, and differ")
    func names() {
        let names = Set((0..<1000).map { _ in TemporaryFiles.randomName() })
        #expect(names.count == 1000)
        #expect(names.allSatisfy { $0.hasPrefix(".snug-") && $0.utf8.count == 22 })
    }

    @Test("Remembered files are removed, forgotten and missing ones are no matter")
    func removes() throws {
        let folder = try TemporaryFolder()
        let temporaries = TemporaryFiles()
        for name in ["a", "b"] { temporaries.remember(try folder.write([1], to: name)) }
        temporaries.remember(folder.path.appending("missing"))
        temporaries.forget(folder.path.appending("b"))
        temporaries.removeAll()
        #expect(folder.files() == ["b"])
    }
}
