// SPDX-License-Identifier: Apache-2.0
import SystemPackage
import Testing

@testable import SnugUpload

@Suite struct UploadRecordTests {
    @Test("The key depends on file, target and upload protocol, and not on how the path is written")
    func keys() {
        let key = UploadRecord.key(path: "/a/b", target: "http://h/", uploadProtocol: .tus)
        #expect(key == UploadRecord.key(path: "/a/./c/../b", target: "http://h/", uploadProtocol: .tus))
        #expect(key.utf8.count == 32)
        for other in [
            UploadRecord.key(path: "/a/c", target: "http://h/", uploadProtocol: .tus),
            UploadRecord.key(path: "/a/b", target: "http://i/", uploadProtocol: .tus),
            UploadRecord.key(path: "/a/b", target: "http://h/", uploadProtocol: .put),
        ] { #expect(other != key) }
    }

    @Test("A file that is gone can be stood in for, to remove what the server has of it")
    func standIn() throws {
        let source = try UploadSource(standInFor: "/nowhere/at/all")
        #expect(source.byteCount == 0 && source.path == "/nowhere/at/all")
    }
}
