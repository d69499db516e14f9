// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Animations of every kind, against a composition by the words of GIF89a.
@Suite(.enabled(if: ImageFormat.gif.isDecodable)) struct GIFCompositionTests {
    private static func palette(_ count: Int, _ random: inout SeededGenerator) -> [[UInt8]] {
        (0..<count).map { _ in (0..<3).map { _ in .random(in: 0...255, using: &random) } }
    }

    private static func frame(_ random: inout SeededGenerator) -> GIFBuilder.Frame {
        let (width, height) = (Int.random(in: 1...16, using: &random), Int.random(in: 1...19, using: &random))
        let own = Bool.random(using: &random) ? palette(16, &random) : nil
        return GIFBuilder.Frame(
            left: .random(in: 0...9, using: &random), top: .random(in: 0...9, using: &random), width: width,
            height: height, indexes: (0..<width * height).map { _ in .random(in: 0..<16, using: &random) },
            palette: own, transparent: Bool.random(using: &random) ? .random(in: 0..<16, using: &random) : nil,
            disposal: .random(in: 0...3, using: &random), isInterlaced: .random(using: &random))
    }

    private func decoded(_ file: GIFBuilder, page: Int) throws -> (samples: [UInt8], channels: Int) {
        var policy = FitPolicy()
        policy.page = page
        let (samples, channels, report) = try FixtureFolder.decoded(file.bytes, policy: policy)
        #expect(!report.isDamaged && report.warnings.isEmpty)
        return (samples, channels)
    }

    @Test("Every page of a random animation is what the frames draw on each other", arguments: UInt64(0)..<60)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var file = GIFBuilder(
            width: .random(in: 1...20, using: &random), height: .random(in: 1...20, using: &random),
            palette: Self.palette(16, &random))
        for _ in 0..<Int.random(in: 1...5, using: &random) { file.frames.append(Self.frame(&random)) }
        let header = try probe(file.bytes)
        #expect(header.frameCount == file.frames.count && header.isAnimated == (file.frames.count > 1))
        for page in 1...file.frames.count {
            let expected = file.canvas(page)
            #expect(header.width == expected.width && header.height == expected.height)
            let found = try decoded(file, page: page)
            #expect(
                FixtureFolder.difference(found.samples, found.channels, expected.rgba, expectedChannels: 4) == 0,
                "page \(page)")
        }
    }

    @Test("A frame that hides the screen makes an opaque image; any other one, or a cleared one, has transparency")
    func opacity() throws {
        let full = GIFBuilder.Frame(width: 4, height: 3, indexes: [UInt8](repeating: 1, count: 12))
        var file = GIFBuilder(width: 4, height: 3, palette: [[0, 0, 0], [9, 9, 9]], frames: [full])
        #expect(try !probe(file.bytes).hasAlpha)
        file.frames[0].transparent = 7
        #expect(try probe(file.bytes).hasAlpha)
        file.frames[0].transparent = nil
        file.frames[0].left = 1
        #expect(try probe(file.bytes).hasAlpha)
        file.frames[0].left = 0
        file.frames.append(full)
        #expect(try !probe(file.bytes).hasAlpha)
        file.frames[0].disposal = 2
        #expect(try probe(file.bytes).hasAlpha)
    }

    @Test("A control block is for the next frame alone")
    func control() throws {
        let frame = GIFBuilder.Frame(width: 1, height: 1, indexes: [0], transparent: 0, disposal: 3)
        // The second frame comes without a control block, whose eight bytes are dropped.
        let bytes =
            Array(GIFBuilder(width: 1, height: 1, palette: [[5, 6, 7], [1, 1, 1]], frames: [frame]).bytes.dropLast())
            + GIFBuilder.bytes(frame).dropFirst(8) + [0x3B]
        var walk = try GIFWalk(ImageSource(bytes: bytes), limits: DecodingLimits())
        let first = try #require(try walk.nextFrame())
        let second = try #require(try walk.nextFrame())
        #expect(first.transparentIndex == 0 && first.disposal == .restore)
        #expect(second.transparentIndex == nil && second.disposal == .keep)
    }

    @Test("Disposals that the standard leaves open keep the frame", arguments: [0, 1, 4, 5, 6, 7])
    func reservedDisposals(disposal: Int) throws {
        let frame = GIFBuilder.Frame(width: 1, height: 1, indexes: [0], disposal: disposal)
        let bytes = GIFBuilder(width: 1, height: 1, palette: [[5, 6, 7], [1, 1, 1]], frames: [frame]).bytes
        var walk = try GIFWalk(ImageSource(bytes: bytes), limits: DecodingLimits())
        #expect(try walk.nextFrame()?.disposal == .keep)
    }

    @Test("Extensions are told by label and name, wherever they end")
    func extensions() throws {
        func application(_ name: String, _ data: [UInt8]) -> [UInt8] {
            [0x21, 0xFF, 11] + Array(name.utf8) + GIFBuilder.blocks(data)
        }
        let blocks: [[UInt8]] = [
            application("NETSCAPE2.0", [1, 0, 0]), application("ANIMEXTS1.0", [1, 0, 0]),
            application("ICCRGBG1012", [UInt8](repeating: 3, count: 600)), application("XMP DataXMP", [60, 62]),
            application("UNKNOWN 1.0", []), [0x21, 0xFE] + GIFBuilder.blocks(Array("words".utf8)),
            [0x21, 0x01, 2, 9, 9, 0], [0x21, 0x77, 0],
        ]
        var file = GIFBuilder(width: 1, height: 1, palette: [[0, 0, 0], [1, 1, 1]])
        file.frames = [GIFBuilder.Frame(width: 1, height: 1, indexes: [1])]
        file.extensions = blocks.flatMap { $0 }
        var walk = try GIFWalk(ImageSource(bytes: file.bytes), limits: DecodingLimits())
        var names: [String] = []
        var place = walk.position
        while let block = try walk.next() {
            switch block {
            case .frame: names.append("frame")
            case .control(let range): names.append("control \(range.count)")
            case .comment(let range): names.append("comment \(range.count)")
            case .loop(let range): names.append("loop \(range.count)")
            case .profile(let range):
                names.append("profile \(range.count)")
                #expect(try walk.applicationData(range, limit: 1_000) == [UInt8](repeating: 3, count: 600))
                // No more sub-blocks than the limit asks for.
                #expect(try walk.applicationData(range, limit: 100).count == 255)
            case .xmp(let range): names.append("xmp \(range.count)")
            case .other(let range): names.append("other \(range.count)")
            case .trailer: names.append("trailer")
            }
            #expect(walk.position > place)
            place = walk.position
        }
        // 14 bytes of head, and each sub-block has a byte of length.
        #expect(
            names == [
                "loop 19", "loop 19", "profile 618", "xmp 18", "other 15", "comment 9", "other 6", "other 3",
                "control 8", "frame", "trailer",
            ])
        let header = try probe(file.bytes)
        #expect(header.metadata.icc == 618 && header.metadata.xmp == 18 && header.metadata.comments == 9)
        #expect(header.metadata.other == 24 && header.warnings.count == 1)
    }

    @Test("Frames far larger than the canvas are refused by the work that they are")
    func enormousFrames() throws {
        let small = GIFBuilder.Frame(width: 2, height: 2, indexes: [0, 1, 0, 1])
        var file = GIFBuilder(width: 2, height: 2, palette: [[0, 0, 0], [1, 1, 1]], frames: [small, small])
        var bytes = file.bytes
        // The sides of the second frame, whose image descriptor is the last one.
        let place = try #require(bytes.lastIndex(of: 0x2C))
        bytes.replaceSubrange(place + 5..<place + 9, with: [0xFF, 0xFF, 0xFF, 0xFF])
        var policy = FitPolicy()
        policy.page = 2
        let error = #expect(throws: ImageError.self) { try FixtureFolder.decoded(bytes, policy: policy) }
        #expect(error?.code == .limitExceeded && error?.settings == [.inputScanWork])
        // The first one is as it was.
        policy.page = 1
        #expect(try FixtureFolder.decoded(bytes, policy: policy).samples == [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1])
        file.frames[1].indexes = [1, 1, 1, 1]
        #expect(try decoded(file, page: 2).samples == [UInt8](repeating: 1, count: 12))
    }

    @Test("Colours that a palette lacks are black, and without any palette indexes are levels of gray")
    func colours() throws {
        var file = GIFBuilder(width: 3, height: 1, palette: [[9, 8, 7], [1, 2, 3]])
        file.frames = [GIFBuilder.Frame(width: 3, height: 1, indexes: [0, 1, 200])]
        #expect(try FixtureFolder.decoded(file.bytes).samples == [9, 8, 7, 1, 2, 3, 0, 0, 0])
        file.palette = nil
        let gray = try FixtureFolder.decoded(file.bytes)
        #expect(gray.samples == [0, 0, 0, 1, 1, 1, 200, 200, 200] && gray.report.warnings.count == 1)
    }
}
