// SPDX-License-Identifier: Apache-2.0
import SnugSystem

@testable import SnugImage

/// Makes WebP files chunk by chunk (RFC 9649 §2), with images that a real encoder compressed without loss.
struct WebPBuilder {
    struct Frame {
        var left = 0
        var top = 0
        var pixels: Plane
        /// Alpha blending by the file's bit, and disposal to the background.
        var replaces = false
        var isCleared = false
    }

    var width: Int
    var height: Int
    var frames: [Frame]

    static func little(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        Array(type.utf8) + little(data.count, 4) + data + (data.count.isMultiple(of: 2) ? [] : [0])
    }

    static func file(_ chunks: [UInt8]) -> [UInt8] {
        Array("RIFF".utf8) + little(chunks.count + 4, 4) + Array("WEBP".utf8) + chunks
    }

    /// VP8X with these flags: 0x20 profile, 0x10 alpha, 8 EXIF, 4 XMP, 2 animation.
    static func canvas(_ width: Int, _ height: Int, flags: UInt8) -> [UInt8] {
        chunk("VP8X", [flags, 0, 0, 0] + little(width - 1, 3) + little(height - 1, 3))
    }

    /// The chunk of an image without loss.
    static func image(_ plane: Plane) throws -> [UInt8] {
        let file = try WebPEncoder.encode(
            plane, mode: .lossless(nearLossless: 100), method: 0, cancellation: CancellationFlag())
        return Array(file?.dropFirst(12) ?? [])
    }

    static func frame(_ frame: Frame, width: Int? = nil, height: Int? = nil, image: [UInt8]? = nil) throws -> [UInt8] {
        let flags: UInt8 = (frame.replaces ? 2 : 0) | (frame.isCleared ? 1 : 0)
        let sides = little((width ?? frame.pixels.width) - 1, 3) + little((height ?? frame.pixels.height) - 1, 3)
        let place = little(frame.left / 2, 3) + little(frame.top / 2, 3)
        return chunk("ANMF", try place + sides + little(100, 3) + [flags] + (image ?? Self.image(frame.pixels)))
    }

    func bytes() throws -> [UInt8] {
        let chunks = try frames.flatMap { try Self.frame($0) }
        return Self.file(
            Self.canvas(width, height, flags: 0x12) + Self.chunk("ANIM", [0, 0, 0, 0, 0, 0]) + chunks)
    }

    /// RGBA of the canvas with the frames up to one, from 1, laid on each other by §2.7.1.1 in real numbers.
    func canvas(_ page: Int) -> [UInt8] {
        var canvas = [[Double]](repeating: [0, 0, 0, 0], count: width * height)
        for (number, frame) in frames.prefix(page).enumerated() {
            for y in 0..<frame.pixels.height {
                let row = frame.pixels.row(y)
                for x in 0..<frame.pixels.width {
                    let source = (0..<4).map { Double(row[x * 4 + $0]) }
                    let place = (frame.top + y) * width + frame.left + x
                    canvas[place] = frame.replaces ? source : Self.over(source, canvas[place])
                    if frame.isCleared && number < page - 1 { canvas[place] = [0, 0, 0, 0] }
                }
            }
        }
        return canvas.flatMap { $0.map { UInt8($0.rounded()) } }
    }

    private static func over(_ source: [Double], _ target: [Double]) -> [Double] {
        let alpha = source[3] + target[3] * (1 - source[3] / 255)
        guard alpha > 0 else { return [0, 0, 0, 0] }
        return (0..<3).map { (source[$0] * source[3] + target[$0] * target[3] * (1 - source[3] / 255)) / alpha }
            + [alpha]
    }
}
