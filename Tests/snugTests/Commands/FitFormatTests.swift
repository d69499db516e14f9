// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import SystemPackage
import Testing

/// Formats beside JPEG and PNG, through the built command.
@Suite struct FitFormatTests {
    private let place: CommandFolder

    init() throws {
        place = try CommandFolder()
        try place.folder.write(PNGBuilder(width: 60, height: 40).bytes, to: "in/a.png")
    }

    private func record(_ arguments: String...) throws -> [String: Any] {
        let result = try place.runner.run(["fit"] + arguments + ["--json"])
        return try #require(try CommandFolder.objects(result).first, "\(result.standardError)")
    }

    private func start(of path: String) throws -> [UInt8] {
        Array(try #require(try place.folder.bytes(of: path)).prefix(16))
    }

    @Test("A WebP comes of --format, and of the name of the output", arguments: [true, false])
    func webP(isNamed: Bool) throws {
        let record =
            isNamed ? try record("in/a.png", "-o", "a.webp") : try record("in/a.png", "-o", "out", "--format", "webp")
        let output = try #require(record["output"] as? String)
        #expect(record["format"] as? String == "webp" && record["status"] as? String == "fitted")
        #expect(output.hasSuffix(isNamed ? "a.webp" : "out/a.webp"))
        let start = try start(of: output)
        #expect(Array(start.prefix(4)) == Array("RIFF".utf8) && Array(start[8..<12]) == Array("WEBP".utf8))
        // It is read again: into the format that is the default without a target.
        let back = try self.record(output, "-o", "back")
        #expect(["png", "jpeg"].contains(back["format"] as? String) && back["output_width"] as? Int == 60)
        // And keeps its format where that is asked for.
        #expect(try self.record(output, "-o", "kept", "--format", "keep")["format"] as? String == "webp")
    }

    @Test("A target that takes no WebP refuses --format webp")
    func refused() throws {
        let result = try place.snug("fit", "in", "-o", "out", "--for", "xai", "--format", "webp")
        #expect(result.exitCode == 64 && result.standardError.contains("xai does not take WebP"))
    }

    /// Two frames of two pixels in white and black, and black and white, as GIF89a stores them.
    private static let animation: [UInt8] =
        Array("GIF89a".utf8) + [2, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]
        + [0x2C, 0, 0, 0, 0, 2, 0, 1, 0, 0, 2, 2, 0x0C, 0x0A, 0]
        + [0x2C, 0, 0, 0, 0, 2, 0, 1, 0, 0, 2, 2, 0x44, 0x0A, 0, 0x3B]

    @Test("An animation is inspected with its frames, and --page takes one")
    func page() throws {
        try place.folder.write(Self.animation, to: "a.gif")
        let inspected = try place.snug("inspect", "a.gif", "--json")
        let found = try #require(try CommandFolder.objects(inspected).first)
        #expect(found["frames"] as? Int == 2 && found["animated"] as? Bool == true)
        for (arguments, number) in [([], 1), (["--page", "2"], 2)] as [([String], Int)] {
            let result = try place.runner.run(["fit", "a.gif", "-o", "out\(number)", "--json"] + arguments)
            let record = try #require(try CommandFolder.objects(result).first)
            #expect(record["format"] as? String == "png", "\(record)")
            #expect(result.standardError.contains("frame \(number) of 2 alone"))
        }
        let beyond = try place.snug("fit", "a.gif", "-o", "out", "--page", "3")
        #expect(beyond.exitCode == 1 && beyond.standardError.contains("page 3 was asked for, and the image has 2"))
        #expect(try place.snug("fit", "a.gif", "-o", "out", "--page", "0").exitCode == 64)
    }

    @Test("An animation that complies is passed on where the target takes it")
    func passedOn() throws {
        try place.folder.write(Self.animation, to: "a.gif")
        let record = try record("a.gif", "-o", "out", "--for", "x")
        #expect(record["status"] as? String == "copied" && record["format"] as? String == "gif")
        #expect(try place.folder.bytes(of: "out/a.gif") == Self.animation)
    }

    @Test("A file that ends early is an error; --salvage keeps its rows")
    func salvage() throws {
        // 4 × 3 pixels of 24 bits, of which the upper row is missing.
        var file =
            Array("BM".utf8) + [UInt8](repeating: 0, count: 8) + [54, 0, 0, 0, 40, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0]
        file += [1, 0, 24, 0] + [UInt8](repeating: 0, count: 24) + [UInt8](repeating: 200, count: 24)
        try place.folder.write(file, to: "a.bmp")
        let refused = try record("a.bmp", "-o", "out")
        #expect((refused["error"] as? [String: Any])?["code"] as? String == "truncated_input")
        let saved = try record("a.bmp", "-o", "out", "--salvage")
        #expect(saved["status"] as? String == "fitted" && saved["output_height"] as? Int == 3)
    }
}
