// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite("The end of a container")
struct ContainerEndTests {
    private static func isReached(_ bytes: [UInt8]) throws -> Bool {
        try ContainerEnd(of: ImageSource(bytes: bytes)) == .reached
    }
    private static func isMissing(_ bytes: [UInt8]) throws -> Bool {
        if case .missing = try ContainerEnd(of: ImageSource(bytes: bytes)) { true } else { false }
    }
    private static func isUnknown(_ bytes: [UInt8]) throws -> Bool {
        if case .unknown = try ContainerEnd(of: ImageSource(bytes: bytes)) { true } else { false }
    }

    private static let jpeg: [UInt8] = {
        var builder = JPEGBuilder(width: 64, height: 48)
        builder.segments = [JPEGBuilder.jfif, JPEGBuilder.exif([UInt8](repeating: 0x41, count: 40) + [0xFF, 0xD9])]
        return builder.bytes
    }()
    private static let png: [UInt8] = {
        var builder = PNGBuilder(width: 32, height: 32)
        builder.fill = 0x5A
        builder.dataChunkSize = 500
        return builder.bytes
    }()
    private static let gif: [UInt8] =
        Array("GIF89a".utf8) + [2, 0, 2, 0, 0x80, 0, 0] + [0, 0, 0, 255, 255, 255]
        + [0x21, 0xFE, 3, 0x3B, 0x3B, 0x3B, 0]
        + [0x2C, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 3, 0x84, 0x51, 0x3B, 0, 0x3B]
    private static let webp: [UInt8] =
        Array("RIFF".utf8) + [20, 0, 0, 0] + Array("WEBPVP8L".utf8) + [8, 0, 0, 0] + [
            0x2F, 1, 2, 3, 4, 5, 6, 7,
        ]
    private static let heif: [UInt8] =
        [0, 0, 0, 24] + Array("ftypheic".utf8) + [0, 0, 0, 0] + Array("mif1heic".utf8)
        + [0, 0, 0, 12] + Array("meta".utf8) + [1, 2, 3, 4] + [0, 0, 0, 16] + Array("mdat".utf8) + [
            9, 8, 7, 6, 5, 4, 3, 2,
        ]

    @Test("A whole file has its end", arguments: [jpeg, png, gif, webp, heif])
    func whole(bytes: [UInt8]) throws { #expect(try Self.isReached(bytes)) }

    @Test("A file cut at any byte has not", arguments: [jpeg, png, gif, webp])
    func truncated(bytes: [UInt8]) throws {
        for count in 0..<bytes.count {
            #expect(try Self.isMissing(Array(bytes[..<count])), "cut after \(count) of \(bytes.count) bytes")
        }
    }

    @Test("An ISO file cut at any byte is not taken for whole, also between two boxes")
    func truncatedBoxes() throws {
        for count in 0..<Self.heif.count { #expect(try !Self.isReached(Array(Self.heif[..<count])), "\(count)") }
    }

    @Test(
        "A file of its final size that is filled from the start is not whole before the last byte",
        arguments: [jpeg, png, gif])
    func preallocated(bytes: [UInt8]) throws {
        for count in stride(from: 0, to: bytes.count - 1, by: 3) {
            let filled = Array(bytes[..<count]) + [UInt8](repeating: 0, count: bytes.count - count)
            #expect(try !Self.isReached(filled), "filled up to \(count) of \(bytes.count) bytes")
        }
    }

    @Test("A RIFF or ISO file that announces its length but ends in zeros proves nothing", arguments: [webp, heif])
    func announcedButZero(bytes: [UInt8]) throws {
        // A large body, of which only the beginning is filled.
        var long = bytes
        if bytes.starts(with: Array("RIFF".utf8)) {
            long.replaceSubrange(4..<8, with: [0x10, 2, 0, 0])
            long += [UInt8](repeating: 0, count: 0x218 - bytes.count)
        } else {
            long[bytes.count - 14] = 2
            long += [UInt8](repeating: 0, count: 512)
        }
        #expect(try Self.isUnknown(long))
    }

    @Test("Bytes after the end do not hide it", arguments: [jpeg, png, gif, webp])
    func trailing(bytes: [UInt8]) throws {
        #expect(try Self.isReached(bytes + [1, 2, 3]))
        #expect(try Self.isReached(bytes + [UInt8](repeating: 0, count: 4096)))
    }

    @Test(
        "Content without an end marker proves nothing",
        arguments: [
            Array("II*\0".utf8) + [UInt8](repeating: 7, count: 50), Array("hello, this is a letter\n".utf8),
            Array("%PDF-1.7 and so on".utf8), [0xFF, 0x0A] + [UInt8](repeating: 3, count: 40),
        ])
    func unknown(bytes: [UInt8]) throws { #expect(try Self.isUnknown(bytes)) }

    @Test("Nothing, zeros and half a signature are the beginning of a file")
    func beginnings() throws {
        #expect(try Self.isMissing([]))
        #expect(try Self.isMissing([UInt8](repeating: 0, count: 100_000)))
        #expect(try Self.isMissing([0x89, 0x50, 0x4E]))
    }

    @Test("A stream whose length is not written yet is not whole", arguments: [[0, 0, 0, 0], [255, 255, 255, 255]])
    func openRIFF(length: [UInt8]) throws {
        var bytes = Self.webp
        bytes.replaceSubrange(4..<8, with: length)
        #expect(try Self.isMissing(bytes))
    }

    @Test("Random bytes behind a signature never trap", arguments: UInt64(0)..<40)
    func noise(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for whole in [Self.jpeg, Self.png, Self.gif, Self.webp, Self.heif] {
            var bytes = Array(whole.prefix(12))
            for _ in 0..<Int.random(in: 0..<400, using: &random) { bytes.append(.random(in: 0...255, using: &random)) }
            _ = try ContainerEnd(of: ImageSource(bytes: bytes))
        }
    }
}
