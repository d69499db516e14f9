// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Every way in which the structure of a JPEG can be wrong.
@Suite struct JPEGWalkTests {
    private static let soi: [UInt8] = [0xFF, 0xD8]
    private static let eoi: [UInt8] = [0xFF, 0xD9]

    private static func frame(_ components: [UInt8] = [1], marker: UInt8 = 0xC0) -> [UInt8] {
        JPEGBuilder.segment(marker, [8, 0, 8, 0, 8, UInt8(components.count)] + components.flatMap { [$0, 0x11, 0] })
    }

    private static func scan(_ components: [UInt8] = [1], spectralStart: UInt8 = 0) -> [UInt8] {
        JPEGBuilder.segment(
            0xDA, [UInt8(components.count)] + components.flatMap { [$0, 0] } + [spectralStart, 63, 0])
    }

    private static func restarts(_ interval: [UInt8] = [0, 1]) -> [UInt8] { JPEGBuilder.segment(0xDD, interval) }

    private func walk(_ bytes: [UInt8], limits: DecodingLimits = DecodingLimits()) throws(ImageError) -> JPEGWalk {
        var walk = JPEGWalk(ImageSource(bytes: bytes), limits: limits)
        while try walk.next() != nil {}
        return walk
    }

    /// The pieces of a file as text: a marker's name, `data` or `end`, with the length of each.
    private func pieces(_ bytes: [UInt8]) throws -> [String] {
        var walk = JPEGWalk(ImageSource(bytes: bytes), limits: DecodingLimits())
        var pieces: [String] = []
        while let piece = try walk.next() {
            switch piece {
            case .segment(let segment):
                pieces.append("\(JPEGSegmentReader.name(of: segment.marker)) \(segment.range.count)")
            case .scanData(let range): pieces.append("data \(range.count)")
            case .end(let range): pieces.append("end \(range.count)")
            }
        }
        return pieces
    }

    @Test("The pieces of a file are all of it, in order")
    func order() throws {
        let file =
            Self.soi + JPEGBuilder.jfif + Self.restarts() + Self.frame() + Self.scan() + [1, 2, 0xFF, 0xD0, 3]
            + JPEGBuilder.segment(0xFE, [7]) + Self.scan() + [0xFF, 0, 5] + Self.eoi
        #expect(
            try pieces(file) == [
                "APP0 18", "DRI 6", "SOF0 13", "SOS 10", "data 5", "COM 5", "SOS 10", "data 3", "end 2",
            ])
        var walk = JPEGWalk(ImageSource(bytes: file + [9, 9]), limits: DecodingLimits())
        var position = 2
        while let piece = try walk.next() {
            let range =
                switch piece {
                case .segment(let segment): segment.range
                case .scanData(let range), .end(let range): range
                }
            #expect(range.lowerBound == position)
            position = range.upperBound
        }
        #expect(position == file.count && walk.position == file.count && walk.scanCount == 2)
        #expect(try walk.next() == nil, "nothing comes after the end")
    }

    @Test("Fill bytes before a marker and inside data are legal")
    func fillBytes() throws {
        let file =
            Self.soi + [0xFF, 0xFF] + Self.frame() + [0xFF] + Self.scan() + [1, 0xFF, 0xFF, 0xFF, 0xFF] + [0xD9]
        #expect(try pieces(file).suffix(2) == ["data 4", "end 2"])
    }

    @Test("Restart numbers go round after seven, and start over in each scan")
    func restartNumbers() throws {
        let interval = (0..<10).flatMap { index -> [UInt8] in [1, 0xFF, 0xD0 + UInt8(index % 8)] } + [2]
        let file =
            Self.soi + Self.restarts() + Self.frame() + Self.scan() + interval + Self.scan() + interval + Self.eoi
        #expect(try walk(file).scanCount == 2)
    }

    @Test("A later interval of nothing ends the restarts")
    func noMoreRestarts() {
        let file =
            Self.soi + Self.restarts() + Self.frame() + Self.scan() + [1] + Self.restarts([0, 0]) + Self.scan()
            + [1, 0xFF, 0xD0, 2] + Self.eoi
        let error = #expect(throws: ImageError.self) { try walk(file) }
        #expect(error?.message.contains("RST0 is out of order") == true)
    }

    @Test("Hierarchical files may have several frames, and leave components out")
    func hierarchical() throws {
        let first = Self.frame([1, 2]) + Self.scan() + [1]
        let second = Self.frame([1, 2], marker: 0xC5) + Self.scan() + [1]
        let file = Self.soi + Self.frame([1, 2], marker: 0xDE) + first + second + Self.eoi
        #expect(try walk(file).scanCount == 2)
    }

    @Test("A progressive file has a component once its DC coefficients are scanned")
    func progressiveComponents() throws {
        let start = Self.soi + Self.frame([1, 2], marker: 0xC2) + Self.scan([1]) + [1]
        let error = #expect(throws: ImageError.self) {
            try walk(start + Self.scan([2], spectralStart: 1) + [1] + Self.eoi)
        }
        #expect(error?.message.contains("no data for 1 of its 2 components") == true)
        #expect(try walk(start + Self.scan([2]) + [1] + Self.eoi).scanCount == 2)
    }

    struct Broken: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bytes: [UInt8]
        var message: String
        var code = ImageError.Code.corruptInput
        var offset: Int?
    }

    static let contradictions: [Broken] = {
        let sound = soi + frame() + scan()
        return [
            Broken(
                testDescription: "bytes before the first segment", bytes: soi + [5] + frame() + scan() + [1] + eoi,
                message: "belong to no segment", offset: 3),
            Broken(
                testDescription: "a zero between segments", bytes: soi + frame() + [0] + scan() + [1] + eoi,
                message: "belong to no segment", offset: 16),
            Broken(
                testDescription: "no image data", bytes: soi + frame() + eoi, message: "ends without image data",
                offset: 15),
            Broken(
                testDescription: "nothing but an end", bytes: soi + eoi, message: "ends without image data", offset: 2),
            Broken(
                testDescription: "a second start", bytes: sound + [1] + soi + eoi,
                message: "SOI stands outside image data", offset: 26),
            Broken(
                testDescription: "a restart between segments",
                bytes: soi + [0xFF, 0xD3] + frame() + scan() + [1] + eoi, message: "RST3 stands outside image data",
                offset: 2),
            Broken(
                testDescription: "TEM", bytes: soi + [0xFF, 0x01] + frame() + scan() + [1] + eoi,
                message: "0xFF1 stands outside image data", offset: 2),
            Broken(
                testDescription: "a scan without frame", bytes: soi + scan() + [1] + eoi,
                message: "a scan but no frame header", offset: 2),
            Broken(
                testDescription: "two frames", bytes: soi + frame() + frame() + scan() + [1] + eoi,
                message: "a second frame header", offset: 15),
            Broken(
                testDescription: "a scan of nothing",
                bytes: soi + frame() + JPEGBuilder.segment(0xDA, [0, 0, 63, 0]) + [1] + eoi,
                message: "scan header has a wrong length", offset: 15),
            Broken(
                testDescription: "a scan of five", bytes: soi + frame() + scan([1, 1, 1, 1, 1]) + [1] + eoi,
                message: "scan header has a wrong length", offset: 15),
            Broken(
                testDescription: "a scan header too long",
                bytes: soi + frame() + JPEGBuilder.segment(0xDA, [1, 1, 0, 0, 63, 0, 0]) + [1] + eoi,
                message: "scan header has a wrong length", offset: 15),
            Broken(
                testDescription: "a scan header too short",
                bytes: soi + frame() + JPEGBuilder.segment(0xDA, [1, 1, 0, 0, 63]) + [1] + eoi,
                message: "scan header has a wrong length", offset: 15),
            Broken(
                testDescription: "a component that is not there", bytes: soi + frame() + scan([2]) + [1] + eoi,
                message: "component that does not exist", offset: 15),
            Broken(
                testDescription: "an interval of one byte", bytes: soi + restarts([1]) + frame() + scan() + [1] + eoi,
                message: "DRI has a wrong length", offset: 2),
            Broken(
                testDescription: "an interval of three bytes",
                bytes: soi + restarts([0, 0, 1]) + frame() + scan() + [1] + eoi, message: "DRI has a wrong length",
                offset: 2),
            Broken(testDescription: "an empty scan", bytes: sound + eoi, message: "scan 1 is empty", offset: 25),
            Broken(
                testDescription: "an empty second scan", bytes: sound + [1] + scan() + eoi, message: "scan 2 is empty",
                offset: 36),
            Broken(
                testDescription: "a restart without interval", bytes: sound + [1, 0xFF, 0xD0, 1] + eoi,
                message: "RST0 is out of order", offset: 26),
            Broken(
                testDescription: "a restart left out",
                bytes: soi + restarts() + frame() + scan() + [1, 0xFF, 0xD1, 1] + eoi, message: "RST1 is out of order",
                offset: 32),
            Broken(
                testDescription: "a restart twice",
                bytes: soi + restarts() + frame() + scan() + [1, 0xFF, 0xD0, 1, 0xFF, 0xD0, 1] + eoi,
                message: "RST0 is out of order", offset: 35),
            Broken(
                testDescription: "no data for a component", bytes: soi + frame([1, 2]) + scan() + [1] + eoi,
                message: "no data for 1 of its 2 components", offset: 29),
            Broken(
                testDescription: "an impossible length",
                bytes: soi + [0xFF, 0xE0, 0, 1] + frame() + scan() + [1] + eoi, message: "impossible length 1",
                offset: 2),
        ]
    }()

    static let truncations: [Broken] = [
        Broken(
            testDescription: "nothing after the start", bytes: soi, message: "ends before its image data",
            code: .truncatedInput, offset: 2),
        Broken(
            testDescription: "half a marker", bytes: soi + [0xFF], message: "ends before its image data",
            code: .truncatedInput, offset: 3),
        Broken(
            testDescription: "a length cut", bytes: soi + [0xFF, 0xE1, 0], message: "APP1 is cut off",
            code: .truncatedInput, offset: 2),
        Broken(
            testDescription: "a payload cut", bytes: soi + [0xFF, 0xE1, 0, 9, 1],
            message: "APP1 of 9 bytes goes past the end (7 bytes)", code: .truncatedInput, offset: 2),
        Broken(
            testDescription: "no scan", bytes: soi + frame(), message: "ends before its image data",
            code: .truncatedInput, offset: 15),
        Broken(
            testDescription: "no data", bytes: soi + frame() + scan(), message: "ends inside scan 1",
            code: .truncatedInput, offset: 25),
        Broken(
            testDescription: "data without end", bytes: soi + frame() + scan() + [1, 2, 3],
            message: "ends inside scan 1", code: .truncatedInput, offset: 28),
        Broken(
            testDescription: "half an end", bytes: soi + frame() + scan() + [1, 0xFF], message: "ends inside scan 1",
            code: .truncatedInput, offset: 27),
        Broken(
            testDescription: "no end behind the last scan",
            bytes: soi + frame() + scan() + [1] + JPEGBuilder.segment(0xFE, [1]), message: "ends without an end marker",
            code: .truncatedInput, offset: 31),
    ]

    @Test("What is wrong is named with its place", arguments: contradictions + truncations)
    func refused(broken: Broken) {
        let error = #expect(throws: ImageError.self) { try walk(broken.bytes) }
        #expect(error?.code == broken.code)
        #expect(error?.message.contains(broken.message) == true, "\(error?.message ?? "")")
        if let offset = broken.offset {
            #expect(error?.details["offset"] == .integer(offset), "\(error?.message ?? "")")
        }
    }

    @Test("The count of segments has a limit that is named")
    func segmentLimit() {
        let comments = (0..<9).flatMap { _ in JPEGBuilder.segment(0xFE, [1]) }
        let file = Self.soi + comments + Self.frame() + Self.scan() + [1] + Self.eoi
        // Nine comments, frame, scan and end.
        #expect(throws: Never.self) { try walk(file, limits: DecodingLimits(maximumChunkCount: 12)) }
        let error = #expect(throws: ImageError.self) { try walk(file, limits: DecodingLimits(maximumChunkCount: 11)) }
        #expect(error?.code == .limitExceeded && error?.settings == [.inputChunks])
        #expect(error?.details["value"] == .integer(12) && error?.details["limit"] == .integer(11))
    }

    @Test("Scan work is counted for progressive files only")
    func scanWork() {
        func file(_ marker: UInt8) -> [UInt8] {
            Self.soi + Self.frame(marker: marker) + (0..<5).flatMap { _ in Self.scan() + [1] } + Self.eoi
        }
        let limits = DecodingLimits(maximumScanWork: 4 * 64)
        #expect(throws: Never.self) { try walk(file(0xC0), limits: limits) }
        let error = #expect(throws: ImageError.self) { try walk(file(0xC2), limits: limits) }
        #expect(error?.settings == [.inputScanWork] && error?.details["value"] == .integer(320))
    }
}
