// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

@Suite struct GIFWalkTests {
    private let folder = FixtureFolder.gif
    private static let names = [
        "still", "interlaced", "transparent", "local-colours", "comment", "frames", "inset", "no-screen", "no-colours",
    ]

    private func report(_ bytes: [UInt8]) throws -> StructureReport {
        let source = ImageSource(bytes: bytes)
        return try StructureWalk.report(of: source, header: try ImageProbe.header(of: source))
    }

    @Test("Sound files are walked to their trailer, and what follows is told", arguments: names)
    func sound(name: String) throws {
        let file = try folder.bytes("\(name).gif")
        #expect(try report(file).imageEnd == file.count && report(file).trailer == .none)
        let trailing = try report(file + Array("something else".utf8))
        #expect(trailing.imageEnd == file.count && trailing.trailer == .other)
    }

    @Test("A file cut anywhere is told so", arguments: names)
    func truncated(name: String) throws {
        let file = try folder.bytes("\(name).gif")
        for count in 13..<file.count {
            let error = #expect(throws: ImageError.self) { try report(Array(file.prefix(count))) }
            #expect(error?.code == .truncatedInput, "\(count): \(error?.message ?? "")")
        }
    }

    @Test("Frames have their places, and how they are shown")
    func frames() throws {
        var walk = try GIFWalk(ImageSource(bytes: try folder.bytes("frames.gif")), limits: DecodingLimits())
        var frames: [GIFFrame] = []
        while let frame = try walk.nextFrame() { frames.append(frame) }
        #expect(frames.map(\.left) == [0, 3, 12, 0, 10] && frames.map(\.top) == [0, 2, 8, 0, 0])
        #expect(frames.map(\.disposal) == [.keep, .restore, .clear, .keep, .keep])
        #expect(frames.map(\.transparentIndex) == [nil, 1, nil, 3, nil])
        // The screen's eight colours follow the header of 13 bytes.
        #expect(frames.allSatisfy { $0.palette == 13..<37 && !$0.isInterlaced })
    }

    @Test("Too many blocks are over the limit")
    func blocks() throws {
        let source = ImageSource(bytes: try folder.bytes("frames.gif"))
        #expect { try ImageProbe.header(of: source, limits: DecodingLimits(maximumChunkCount: 8)) } throws: {
            ($0 as? ImageError)?.code == .limitExceeded
        }
    }

    @Test("Stripping removes comments and what is appended, and no pixel", arguments: names)
    func stripped(name: String) throws {
        let file = try folder.bytes("\(name).gif")
        let source = ImageSource(bytes: file + [1, 2, 3])
        let header = try ImageProbe.header(of: source)
        let bytes = try #require(try MetadataStripper(source, header: header).bytes(byteLimit: .max))
        let after = try probe(bytes)
        #expect(bytes.count == file.count - header.metadata.total && after.metadata.total == 0)
        #expect(after.frameCount == header.frameCount && after.hasAlpha == header.hasAlpha)
        for frame in 1...(header.frameCount ?? 1) where ImageFormat.gif.isDecodable {
            var policy = FitPolicy()
            policy.page = frame
            let before = try FixtureFolder.decoded(file, policy: policy).samples
            #expect(try FixtureFolder.decoded(bytes, policy: policy).samples == before)
        }
    }

    @Test("Comments stay where they are kept")
    func kept() throws {
        let file = try folder.bytes("comment.gif")
        let source = ImageSource(bytes: file)
        let header = try ImageProbe.header(of: source)
        let stripper = try MetadataStripper(
            source, header: header, metadata: FitPolicy.Metadata(kinds: [.comment]))
        // Its introducer, label, 13 characters with their length, and the end.
        #expect(stripper.changesNothing && header.metadata.comments == 17)
    }
}
