// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// How far a file has come towards the end that its format marks.
///
/// A file that is still being written has often its final size already, and a pause between two writes looks like the end
/// of both. The format's own end is what tells.
package enum ContainerEnd: Sendable, Hashable {
    /// The format's end marker, or the length that it announces, is there.
    case reached
    /// The content does not tell: the format marks no end, or is unknown, or is damaged. With the reason, as the end of
    /// a sentence about the file: "is text, which marks no end".
    case unknown(String)
    /// The end is not there yet. With what is missing, likewise.
    case missing(String)

    /// Looks for the end. Reads headers and ends where they lie, and all of a file only where nothing else tells.
    /// - Throws: `io_failed`, and `input_changed` when the file became shorter meanwhile.
    package init(of source: ImageSource) throws(ImageError) {
        let start = try source.bytes(at: 0, count: ContentSignature.byteCount)
        do throws(ImageError) {
            self = try Self.find(in: source, start: start)
        } catch {
            switch error.code {
            case .truncatedInput: self = .missing(error.message)
            // A file of its final size that is not filled yet looks damaged where the zeros begin.
            case .corruptInput where try Self.endsInZeros(source, at: source.byteCount):
                self = .missing("ends in zero bytes, as if it was not filled yet")
            case .corruptInput, .limitExceeded, .unsupportedFormat, .unsupportedFeature: self = .unknown(error.message)
            default: throw error
            }
        }
    }

    private static func find(in source: ImageSource, start: [UInt8]) throws(ImageError) -> ContainerEnd {
        switch ContentSignature(start) {
        case .empty: return .missing("is empty (0 bytes)")
        case .zeroes: return .missing("has nothing but zero bytes yet")
        case .jpeg: return try jpegEnd(source)
        case .png: return try pngEnd(source)
        case .gif: return try gifEnd(source)
        case .webp: return try riffEnd(source)
        case .heif, .avif, .isoMedia: return try boxEnd(source)
        case .jpegXL where start.first == 0: return try boxEnd(source)
        case .bmp: return try bmpEnd(source, start: start)
        case _ where source.byteCount < 12: return .missing("ends inside its first bytes")
        case let other: return .unknown("is \(other.description), which marks no end")
        }
    }

    /// True when the bytes before `end` are all zero: compressed data hardly ever ends so, a file that is not filled does.
    static func endsInZeros(_ source: ImageSource, at end: Int) throws(ImageError) -> Bool {
        let count = min(end, 64)
        let tail = try source.bytes(at: end - count, count: count)
        return !tail.isEmpty && tail.allSatisfy { $0 == 0 }
    }

    /// The end for a format that announces its length, when the file is as long as that.
    static func announcedEnd(_ end: Int, in source: ImageSource, what: String) throws(ImageError) -> ContainerEnd {
        if end > source.byteCount {
            return .missing("has \(source.byteCount) of the \(end) bytes that its \(what) announces")
        }
        return try endsInZeros(source, at: end)
            ? .unknown("is as long as its \(what) announces, but ends in zero bytes") : .reached
    }
}
