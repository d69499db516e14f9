// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

/// The folder of images on their way, whose name others can guess.
@Suite struct SpoolDirectoryTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func failure(at path: FilePath) -> HTTPError? {
        do throws(HTTPError) {
            _ = try SpoolDirectory(path).create()
            return nil
        } catch {
            return error
        }
    }

    @Test("It is made for its user alone")
    func made() throws {
        let path = folder.path.appending("a/spool")
        #expect(failure(at: path) == nil)
        #expect(try FileIdentity(of: path, followsLinks: false).mode & 0o777 == 0o700)
    }

    @Test("A file in its place is named with the remedy")
    func file() throws {
        let path = try folder.write([1], to: "file")
        for place in [path, path.appending("spool")] {
            let error = failure(at: place)
            #expect(error?.code == .sinkFailed && error?.message.contains("\(place): Not a directory") == true)
            #expect(error?.message.contains("a file is in its place: move that away, or choose another folder") == true)
        }
    }

    @Test("A folder that others can write to is refused by name")
    func shared() throws {
        let path = folder.path.appending("spool")
        try FileSystem.makeFolders(path)
        let files = FileManager.default
        try files.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path.string)
        let error = failure(at: path)
        #expect(error?.message.contains("\(path) can be written by other users (mode 777)") == true)
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.string)
        #expect(failure(at: path) == nil)
    }

    @Test(
        "A folder of another user, and another user's link to a folder of this one, are refused by name",
        .enabled("only root can give files away") { getuid() == 0 })
    func foreign() throws {
        let (own, link, other) = (
            folder.path.appending("own"), folder.path.appending("link"), folder.path.appending("other")
        )
        for path in [own, other] { try FileSystem.makeFolders(path, mode: 0o700) }
        try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: own.string)
        #expect(failure(at: link) == nil)
        for path in [link, other] {
            let result = unsafe lchown(path.string, 12_345, 12_345)
            #expect(result == 0)
            let error = failure(at: path)
            #expect(error?.code == .sinkFailed && error?.message.hasPrefix("\(path) belongs to another user") == true)
        }
    }
}
