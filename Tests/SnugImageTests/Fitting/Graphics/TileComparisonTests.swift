// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@testable import SnugImage

@Suite struct TileComparisonTests {
    private func difference(_ original: Plane, _ other: Plane) throws -> Double {
        let sink = TileComparison(original, cancellation: CancellationFlag())
        for y in 0..<other.height { try sink.receive(other.row(y), plane: 0) }
        return sink.difference
    }

    private func changed(_ plane: Plane, _ change: (Int, UInt8) -> UInt8) -> Plane {
        let copy = Plane(width: plane.width, height: plane.height, channels: plane.channels)
        for y in 0..<plane.height {
            let row = plane.row(y)
            var target = copy.mutableRow(y)
            for x in row.indices { target[x] = change(y * 31 + x, row[x]) }
        }
        return copy
    }

    @Test(
        "Equal images have no difference, whatever their size",
        arguments: [(1, 1), (3, 200), (127, 129), (128, 128), (1500, 40), (1400, 1300)])
    func equal(width: Int, height: Int) throws {
        let plane = DrawnImage.scene(width: width, height: height)
        #expect(try difference(plane, plane) < 1e-6)
    }

    @Test("More noise is a larger difference")
    func noise() throws {
        let plane = DrawnImage.scene(width: 300, height: 200, grain: 0)
        var last = 0.0
        for strength in [2, 6, 18, 50] {
            let noisy = changed(plane) { index, value in
                UInt8(clamping: Int(value) + (index &* 2_654_435_761 >> 7) % (2 * strength) - strength)
            }
            let found = try difference(plane, noisy)
            #expect(found > last)
            last = found
        }
    }

    @Test("Gray, colour and transparent forms of the same pixels are equal")
    func channels() throws {
        let gray = DrawnImage.scene(width: 200, height: 150, channels: 1)
        let colour = Plane(width: 200, height: 150, channels: 4)
        for y in 0..<150 {
            let row = gray.row(y)
            var target = colour.mutableRow(y)
            for x in 0..<200 {
                for channel in 0..<3 { target[x * 4 + channel] = row[x] }
                target[x * 4 + 3] = 255
            }
        }
        #expect(try difference(gray, colour) < 1e-3)
    }
}
