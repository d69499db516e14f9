// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The files of `Fixtures/WebP`, and what Pillow reads from them.
enum WebPFixtures {
    struct Missing: Error {}

    static let names = [
        "alpha-lossless", "alpha-lossy", "animated", "frames", "lossless", "lossy", "metadata", "offset-frame",
        "orientation-6",
        "p3",
    ]

    static func file(_ name: String) throws -> [UInt8] { try contents("\(name).webp") }

    static func pixels(_ name: String) throws -> [UInt8] {
        try (try? contents("\(name).rgba")) ?? contents("\(name).rgb")
    }

    /// The canvas of `frames` after a frame, from 1.
    static func canvas(_ frame: Int) throws -> [UInt8] { try contents("frames-\(frame).rgba") }

    private static func contents(_ name: String) throws -> [UInt8] {
        guard let folder = Bundle.module.url(forResource: "Fixtures", withExtension: nil) else { throw Missing() }
        return Array(try Data(contentsOf: folder.appending(path: "WebP").appending(path: name)))
    }
}
