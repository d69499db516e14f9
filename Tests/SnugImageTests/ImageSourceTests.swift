// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugImage

@Suite struct ImageSourceTests {
    private let content = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }

    private func sources(_ folder: TemporaryFolder) throws -> [ImageSource] {
        [
            ImageSource(bytes: content), ImageSource(bytes: Data(content)), ImageSource(bytes: content[...]),
            ImageSource(bytes: content.lazy.map { $0 }),
            try ImageSource(file: try folder.write(content, to: "a")),
        ]
    }

    @Test("Arrays, slices, Data, other collections and files read alike")
    func reads() throws {
        let folder = try TemporaryFolder()
        for source in try sources(folder) {
            #expect(source.byteCount == 1000)
            #expect(try source.bytes(at: 0, count: 1000) == content)
            #expect(try source.bytes(at: 990, count: 50) == Array(content[990...]))
            #expect(try source.bytes(at: 1000, count: 5).isEmpty)
            #expect(try source.bytes(at: 5000, count: 5).isEmpty)
            #expect(try source.bytes(at: 10, count: 0).isEmpty)
            #expect(try source.bytes(at: 10, count: -3).isEmpty)
            #expect(throws: Never.self) { try source.checkUnchanged() }
        }
    }

    @Test("A buffer is filled as far as the source goes", arguments: [0, 500, 995, 1000])
    func fills(offset: Int) throws {
        let folder = try TemporaryFolder()
        for source in try sources(folder) {
            var buffer = [UInt8](repeating: 0xAA, count: 10)
            var span = buffer.mutableSpan
            let count = try source.read(at: offset, into: &span)
            #expect(count == min(10, 1000 - offset))
            #expect(Array(buffer.prefix(count)) == Array(content[offset..<offset + count]))
            #expect(buffer.dropFirst(count).allSatisfy { $0 == 0xAA })
        }
    }

    @Test("An empty source reads as empty")
    func empty() throws {
        let folder = try TemporaryFolder()
        for source in [ImageSource(bytes: [UInt8]()), try ImageSource(file: try folder.write([], to: "empty"))] {
            #expect(source.byteCount == 0)
            #expect(try source.bytes(at: 0, count: 10).isEmpty)
        }
    }

    @Test("Changing the array afterwards does not change the source")
    func copies() throws {
        var bytes = content
        let source = ImageSource(bytes: bytes)
        bytes[0] = 99
        #expect(try source.bytes(at: 0, count: 1) == [content[0]])
    }

    @Test("A missing file, a folder and a link that is not to be followed are refused with their codes")
    func refusals() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(content, to: "a")
        let link = folder.path.appending("link")
        try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: file.string)
        func code(_ path: FilePath, followsLinks: Bool = true) -> ImageError.Code? {
            do throws(ImageError) {
                _ = try ImageSource(file: path, followsLinks: followsLinks)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code(folder.path.appending("missing")) == .notFound)
        #expect(code(file.appending("below")) == .notFound)
        #expect(code(folder.path) == .notARegularFile)
        #expect(code("/dev/null") == .notARegularFile)
        #expect(code(link) == nil)
        #expect(code(link, followsLinks: false) == .notARegularFile)
    }

    @Test("A file that became shorter or was written to is noticed")
    func changes() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(content, to: "a")
        let source = try ImageSource(file: path)
        let handle = try #require(FileHandle(forWritingAtPath: path.string))
        try handle.truncate(atOffset: 100)
        try handle.close()
        let read = #expect(throws: ImageError.self) { try source.bytes(at: 0, count: 1000) }
        #expect(read?.code == .inputChanged)
        #expect(#expect(throws: ImageError.self) { try source.checkUnchanged() }?.code == .inputChanged)
    }

    @Test("A file stays readable after its name is gone")
    func unlinked() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(content, to: "a")
        let source = try ImageSource(file: path)
        try FileManager.default.removeItem(atPath: path.string)
        #expect(try source.bytes(at: 0, count: 1000) == content)
    }

    @Test("A fit takes Data and a file alike")
    func fits() async throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 200, height: 150), quality: 97)
        let folder = try TemporaryFolder()
        let limits = Limits(byteLimit: bytes.count / 2)
        let file = try ImageSource(file: try folder.write(bytes, to: "a.jpg"))
        let fromData = try await ImageFitter().fit(ImageSource(bytes: Data(bytes)), limits: limits)
        let fromFile = try await ImageFitter().fit(file, limits: limits)
        #expect(fromData.bytes(of: bytes) == fromFile.bytes(of: bytes))
    }
}
