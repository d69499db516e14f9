// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// The size of an image before it is cropped or padded to an exact one.
@Suite struct ExactFrameTests {
    @Test(
        "A cropped image covers the frame with no more than it must, a padded one lies within", arguments: UInt64(1)...8
    )
    func covers(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let (width, height) = (Int.random(in: 1...5_000, using: &random), Int.random(in: 1...5_000, using: &random))
            let frame = (Int.random(in: 1...5_000, using: &random), Int.random(in: 1...5_000, using: &random))
            let padded = try ExactFrame(width: frame.0, height: frame.1, filling: .pad)
                .scaledSize(width: width, height: height)
            #expect((1...frame.0).contains(padded.width) && (1...frame.1).contains(padded.height))
            #expect(padded.width <= width && padded.height <= height)
            if width <= frame.0 && height <= frame.1 {
                #expect(padded == (width, height))
            } else {
                #expect(padded.width == frame.0 || padded.height == frame.1)
            }
            expectRatio(padded, width, height)

            let crop = ExactFrame(width: frame.0, height: frame.1, filling: .crop)
            guard width >= frame.0, height >= frame.1 else {
                let error = #expect(throws: ImageError.self) { try crop.scaledSize(width: width, height: height) }
                #expect(error?.code == .cannotFit && error?.details["width"] == .integer(width))
                continue
            }
            let cropped = try crop.scaledSize(width: width, height: height)
            #expect(cropped.width >= frame.0 && cropped.height >= frame.1)
            #expect(cropped.width == frame.0 || cropped.height == frame.1)
            #expect(cropped.width <= width && cropped.height <= height)
            expectRatio(cropped, width, height)
        }
    }

    /// Each side is the exact one, rounded; a side of one pixel is the least there is.
    private func expectRatio(_ size: (width: Int, height: Int), _ width: Int, _ height: Int) {
        let scale = max(Double(size.width) / Double(width), Double(size.height) / Double(height))
        let smaller = min(Double(size.width) / Double(width), Double(size.height) / Double(height))
        let error = max(Double(width), Double(height)) * (scale - smaller)
        let thin = Double(max(width, height)) / Double(min(width, height))
        #expect(error <= thin + 1, "\(size) of \(width)×\(height)")
    }

    @Test("The frame itself needs no scaling, either way", arguments: ExactFrame.Filling.allCases)
    func same(filling: ExactFrame.Filling) throws {
        let size = try ExactFrame(width: 37, height: 21, filling: filling).scaledSize(width: 37, height: 21)
        #expect(size == (37, 21))
    }

    @Test(
        "Known sizes",
        arguments: [
            ([400, 300, 200, 200], [267, 200], [200, 150]), ([300, 400, 200, 200], [200, 267], [150, 200]),
            ([1000, 10, 100, 10], [1000, 10], [100, 1]), ([640, 480, 320, 240], [320, 240], [320, 240]),
        ])
    func known(sides: [Int], cropped: [Int], padded: [Int]) throws {
        for (filling, expected) in [(ExactFrame.Filling.crop, cropped), (.pad, padded)] {
            let size = try ExactFrame(width: sides[2], height: sides[3], filling: filling)
                .scaledSize(width: sides[0], height: sides[1])
            #expect([size.width, size.height] == expected)
        }
    }
}
