// SPDX-License-Identifier: Apache-2.0
import Foundation
public import SystemPackage

/// The committed images of formats that decoder processes read.
public enum WorkerFile {
    /// The folder of the images, each with its reference beside it.
    public static var folder: FilePath {
        var path = FilePath(#filePath)
        for _ in 0..<2 { path.removeLastComponent() }
        return path.appending("SnugImageTests/Fixtures/Workers")
    }

    /// The bytes of an image.
    public static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: folder.appending(name).string)))
    }
}
