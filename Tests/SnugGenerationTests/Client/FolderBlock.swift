// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import SystemPackage

/// Puts a file where a folder is to be.
enum FileManagerBlock {
    static func file(at path: FilePath, in folder: TemporaryFolder) throws {
        try? FileManager.default.removeItem(atPath: path.string)
        _ = try folder.write([1], to: path.lastComponent?.string ?? "")
    }

    static func remove(_ path: FilePath) throws { try FileManager.default.removeItem(atPath: path.string) }
}
