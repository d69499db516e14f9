// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct JPEGFrameTests {
    private func frame(
        marker: UInt8 = 0xC0, _ payload: [UInt8]
    ) throws(ImageError) -> JPEGFrame {
        let segment = JPEGSegment(marker: marker, offset: 77, payload: 81..<81 + payload.count)
        return try JPEGFrame(segment, payload: ByteView(payload))
    }

    private func frame(sampling: [(Int, Int)], identifiers: [UInt8]? = nil) throws(ImageError) -> JPEGFrame {
        let names = identifiers ?? Array(1...UInt8(sampling.count))
        return try frame(
            [8, 0, 10, 0, 20, UInt8(sampling.count)]
                + zip(names, sampling).flatMap { [$0, UInt8($1.0 << 4 | $1.1), 0] })
    }

    @Test("Every field is read from its place")
    func fields() throws {
        let frame = try frame([12, 0x12, 0x34, 0x56, 0x78, 2, 9, 0x21, 3, 200, 0x14, 1])
        #expect(frame.bitsPerSample == 12 && frame.height == 0x1234 && frame.width == 0x5678)
        #expect(frame.components.map(\.identifier) == [9, 200])
        #expect(frame.components.map(\.horizontal) == [2, 1] && frame.components.map(\.vertical) == [1, 4])
        #expect(frame.components.map(\.quantisationTable) == [3, 1])
    }

    @Test(
        "The marker names the process (T.81 table B.1)",
        arguments: [
            (0xC0, JPEGProcess.baseline), (0xC1, .extended), (0xC2, .progressive), (0xC3, .lossless),
            (0xC5, .hierarchical), (0xC6, .hierarchical), (0xC7, .hierarchical), (0xC9, .arithmeticSequential),
            (0xCA, .arithmeticProgressive), (0xCB, .lossless), (0xCD, .hierarchical), (0xCE, .hierarchical),
            (0xCF, .hierarchical), (0xDE, .hierarchical),
        ] as [(UInt8, JPEGProcess)])
    func process(marker: UInt8, expected: JPEGProcess) throws {
        #expect(try frame(marker: marker, [8, 0, 1, 0, 1, 1, 1, 0x11, 0]).process == expected)
    }

    @Test("Progressive are exactly the two that refine", arguments: JPEGProcess.allCases)
    func progressive(process: JPEGProcess) {
        #expect(process.isProgressive == (process == .progressive || process == .arithmeticProgressive))
    }

    @Test(
        "Sampling factors have their names",
        arguments: [
            ([(1, 1), (1, 1), (1, 1)], ChromaSubsampling.s444), ([(2, 1), (1, 1), (1, 1)], .s422),
            ([(2, 2), (1, 1), (1, 1)], .s420), ([(1, 2), (1, 1), (1, 1)], .s440), ([(4, 1), (1, 1), (1, 1)], .s411),
            ([(4, 2), (1, 1), (1, 1)], .s410), ([(2, 2), (2, 1), (2, 1)], .s440), ([(2, 2), (1, 2), (1, 2)], .s422),
            ([(2, 2), (2, 2), (2, 2)], .s444), ([(4, 4), (2, 2), (2, 2)], .s420), ([(3, 1), (1, 1), (1, 1)], .other),
            ([(2, 2), (1, 1), (2, 2)], .other), ([(2, 2), (1, 1), (1, 2)], .other), ([(3, 2), (2, 1), (2, 1)], .other),
            ([(1, 1), (2, 2), (2, 2)], .other), ([(1, 4), (1, 1), (1, 1)], .other),
        ] as [([(Int, Int)], ChromaSubsampling)])
    func subsampling(sampling: [(Int, Int)], expected: ChromaSubsampling) throws {
        #expect(try frame(sampling: sampling).chromaSubsampling == expected)
    }

    @Test("Four components are judged by the first three, fewer than three have no chroma")
    func otherCounts() throws {
        #expect(try frame(sampling: [(2, 2), (1, 1), (1, 1), (2, 2)]).chromaSubsampling == .s420)
        #expect(try frame(sampling: [(1, 1)]).chromaSubsampling == nil)
        #expect(try frame(sampling: [(2, 1), (1, 1)]).chromaSubsampling == nil)
    }

    @Test("Sampling names are unique and as they are written")
    func names() {
        let named = ChromaSubsampling.allCases.filter { $0 != .other }
        #expect(named.map(\.rawValue) == ["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1", "4:1:0"])
    }

    @Test(
        "The colour model follows libjpeg's rules",
        arguments: [
            ("1", false, nil, ColourModel.gray), ("1", true, 1, .gray),
            ("123", false, nil, .ycbcr), ("123", true, nil, .ycbcr), ("123", true, 0, .ycbcr),
            ("123", false, 0, .rgb), ("123", false, 1, .ycbcr), ("123", false, 2, .ycbcr),
            ("RGB", false, nil, .rgb), ("RGB", true, nil, .ycbcr), ("RGB", false, 1, .ycbcr),
            ("rgb", false, nil, .ycbcr), ("BGR", false, nil, .ycbcr),
            ("1234", false, nil, .cmyk), ("1234", false, 0, .cmyk), ("1234", false, 2, .ycck),
            ("1234", true, nil, .cmyk), ("1234", false, 1, .ycck), ("CMYK", false, nil, .cmyk),
        ] as [(String, Bool, Int?, ColourModel)])
    func model(identifiers: String, hasJFIF: Bool, transform: Int?, expected: ColourModel) throws {
        let bytes = Array(identifiers.utf8)
        let frame = try frame(sampling: bytes.map { _ in (1, 1) }, identifiers: bytes)
        #expect(frame.colourModel(hasJFIF: hasJFIF, adobeTransform: transform) == expected)
    }

    @Test("Two and five components mean nothing", arguments: [2, 5])
    func noModel(count: Int) throws {
        let frame = try frame(sampling: (0..<count).map { _ in (1, 1) })
        #expect(frame.colourModel(hasJFIF: true, adobeTransform: nil) == nil)
    }

    struct Broken: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var payload: [UInt8]
        var message: String
        var code = ImageError.Code.corruptInput
    }

    static let broken: [Broken] = [
        Broken(testDescription: "empty", payload: [], message: "wrong length"),
        Broken(testDescription: "cut in its height", payload: [8, 0], message: "wrong length"),
        Broken(testDescription: "cut before the count", payload: [8, 0, 1, 0, 1], message: "wrong length"),
        Broken(
            testDescription: "a component too few", payload: [8, 0, 1, 0, 1, 2, 1, 0x11, 0], message: "wrong length"),
        Broken(
            testDescription: "a byte too many", payload: [8, 0, 1, 0, 1, 1, 1, 0x11, 0, 0], message: "wrong length"),
        Broken(testDescription: "no components", payload: [8, 0, 1, 0, 1, 0], message: "0 components"),
        Broken(testDescription: "one bit", payload: [1, 0, 1, 0, 1, 1, 1, 0x11, 0], message: "1 bits"),
        Broken(testDescription: "17 bits", payload: [17, 0, 1, 0, 1, 1, 1, 0x11, 0], message: "17 bits"),
        Broken(testDescription: "no width", payload: [8, 0, 5, 0, 0, 1, 1, 0x11, 0], message: "0 × 5 pixels"),
        Broken(testDescription: "no pixels", payload: [8, 0, 0, 0, 0, 1, 1, 0x11, 0], message: "0 × 0 pixels"),
        Broken(
            testDescription: "height later", payload: [8, 0, 0, 0, 5, 1, 1, 0x11, 0], message: "(DNL)",
            code: .unsupportedFeature),
        Broken(testDescription: "no columns", payload: [8, 0, 1, 0, 1, 1, 1, 0x01, 0], message: "sampling factors"),
        Broken(testDescription: "no rows", payload: [8, 0, 1, 0, 1, 1, 1, 0x10, 0], message: "sampling factors"),
        Broken(testDescription: "five columns", payload: [8, 0, 1, 0, 1, 1, 1, 0x51, 0], message: "sampling factors"),
        Broken(testDescription: "15 rows", payload: [8, 0, 1, 0, 1, 1, 1, 0x1F, 0], message: "sampling factors"),
    ]

    @Test("A frame header that contradicts itself is refused with its place and its fault", arguments: broken)
    func refused(broken: Broken) {
        let error = #expect(throws: ImageError.self) { try frame(broken.payload) }
        #expect(error?.code == broken.code)
        #expect(error?.message.contains(broken.message) == true, "\(error?.message ?? "")")
        if broken.code == .corruptInput { #expect(error?.details["offset"] == .integer(77)) }
    }
}
