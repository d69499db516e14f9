// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugSystem

@Suite struct FileAttributesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func identity(_ path: FilePath) throws -> FileIdentity { try FileIdentity(of: path, followsLinks: false) }

    private func setMode(_ mode: Int, of path: FilePath) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path.string)
    }

    /// Gives a new file the attributes, as a publisher does.
    private func apply(_ attributes: FileAttributes, to path: FilePath) throws {
        let file = try FileDescriptor.opening(path, .readWrite)
        defer { file.closeIgnoringErrors() }
        try attributes.apply(to: file)
    }

    @Test(
        "All attributes are taken over: permissions, and the time of the last change to the nanosecond",
        arguments: [
            0o600, 0o644, 0o444, 0o755, 0o000,
        ])
    func all(mode: Int) throws {
        let (source, copy) = (try folder.write([1], to: "source"), try folder.write([2], to: "copy"))
        // Before 1970 and after: files are dated as people's clocks were.
        for seconds in [-86_400.0 * 365 * 10, -1, 0, 1_000_000_000.25, 4_102_444_800] {
            try setMode(0o600, of: source)
            try setMode(0o600, of: copy)
            let date = Date(timeIntervalSince1970: seconds)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: source.string)
            try setMode(mode, of: source)
            let known = try identity(source)
            try apply(.all(of: source, identity: known), to: copy)
            #expect(try identity(copy).modified == known.modified, "\(seconds)")
            #expect(try identity(copy).mode & 0o777 == UInt32(mode))
        }
        try setMode(0o600, of: source)
    }

    /// A source's permissions, those of a new file, and what is left of them.
    static let permissions: [(source: Int, file: Int, expected: UInt32)] = [
        (0o600, 0o644, 0o600), (0o644, 0o644, 0o644), (0o640, 0o666, 0o640), (0o444, 0o644, 0o444),
        (0o777, 0o600, 0o600), (0o604, 0o640, 0o600), (0o000, 0o644, 0o000),
    ]

    @Test(
        "Nobody may do more with a result than with its source, and the time is the result's own",
        arguments: permissions.indices)
    func atMost(row: Int) throws {
        let (mode, own, expected) = Self.permissions[row]
        let (source, copy) = (try folder.write([1], to: "source"), try folder.write([2], to: "copy"))
        let before = try identity(copy).modified
        try setMode(mode, of: source)
        let known = try identity(source)
        let file = try FileDescriptor.opening(copy, .readWrite)
        defer { file.closeIgnoringErrors() }
        try setMode(own, of: copy)
        try FileAttributes.permissionsAtMost(of: source, identity: known).apply(to: file)
        #expect(try identity(copy).mode & 0o777 == expected)
        #expect(try identity(copy).modified == before)
    }

    @Test("A source that is gone meanwhile leaves what is known of it")
    func gone() throws {
        let (source, copy) = (try folder.write([1], to: "source"), try folder.write([2], to: "copy"))
        try setMode(0o640, of: source)
        let known = try identity(source)
        FileSystem.removeIfThere(source)
        try apply(.all(of: source, identity: known), to: copy)
        #expect(try identity(copy).modified == known.modified && identity(copy).mode & 0o777 == 0o640)
    }
}
