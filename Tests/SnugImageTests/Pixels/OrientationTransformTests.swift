// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

@Suite struct OrientationTransformTests {
    /// Sizes below, at and beside the squares that transposing works in.
    static let sizes = [[1, 1], [1, 40], [40, 1], [16, 16], [32, 48], [17, 31], [33, 15], [100, 70]]

    /// Where pixel (x, y) of a `width` × `height` image goes: EXIF 2.32, tag 0x0112.
    private func destination(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ orientation: Orientation) -> (Int, Int)
    {
        switch orientation {
        case .upright: (x, y)
        case .mirrored: (width - 1 - x, y)
        case .rotated180: (width - 1 - x, height - 1 - y)
        case .flipped: (x, height - 1 - y)
        case .transposed: (y, x)
        case .rotated90: (height - 1 - y, x)
        case .transversed: (height - 1 - y, width - 1 - x)
        case .rotated270: (y, width - 1 - x)
        }
    }

    @Test("Every pixel goes where EXIF says", arguments: Orientation.allCases, sizes)
    func placesPixels(orientation: Orientation, size: [Int]) {
        for channels in 1...4 {
            var noise = SampleNoise(seed: UInt64(channels))
            let plane = Plane(width: size[0], height: size[1], channels: channels)
            for y in 0..<plane.height {
                var row = plane.mutableRow(y)
                for i in row.indices { row[i] = UInt8.random(in: 0...255, using: &noise) }
            }
            for level in KernelLevel.available {
                let turned = OrientationTransform.upright(plane, orientation: orientation, level: level)
                #expect(turned.width == (orientation.swapsAxes ? size[1] : size[0]))
                #expect(turned.height == (orientation.swapsAxes ? size[0] : size[1]))
                #expect(misplaced(plane, turned, orientation) == 0)
            }
        }
    }

    private func misplaced(_ plane: Plane, _ turned: Plane, _ orientation: Orientation) -> Int {
        var count = 0
        for y in 0..<plane.height {
            let row = plane.row(y)
            for x in 0..<plane.width {
                let (toX, toY) = destination(x, y, plane.width, plane.height, orientation)
                let target = turned.row(toY)
                for c in 0..<plane.channels where row[x * plane.channels + c] != target[toX * plane.channels + c] {
                    count += 1
                }
            }
        }
        return count
    }

    @Test("An upright plane is handed back without a copy")
    func uprightIsFree() {
        let plane = Plane(width: 3, height: 2)
        #expect(OrientationTransform.upright(plane, orientation: .upright) === plane)
    }
}
