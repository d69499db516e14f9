// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

@Suite struct FrameCanvasTests {
    private func frame(_ width: Int, _ height: Int, _ colour: [UInt8]) -> Plane {
        let plane = Plane(width: width, height: height, channels: 4)
        for y in 0..<height {
            var row = plane.mutableRow(y)
            for index in row.indices { row[index] = colour[index % 4] }
        }
        return plane
    }

    private func pixel(_ plane: Plane, _ x: Int, _ y: Int) -> [UInt8] {
        let row = plane.row(y)
        return (0..<4).map { row[x * 4 + $0] }
    }

    @Test("A canvas begins transparent, and a frame replaces what is there")
    func replaced() {
        let canvas = FrameCanvas(width: 4, height: 3)
        #expect(pixel(canvas.plane, 3, 2) == [0, 0, 0, 0])
        canvas.draw(frame(2, 2, [9, 8, 7, 255]), left: 1, top: 1, isBlended: false)
        canvas.draw(frame(1, 1, [1, 2, 3, 0]), left: 2, top: 2, isBlended: false)
        #expect(pixel(canvas.plane, 1, 1) == [9, 8, 7, 255] && pixel(canvas.plane, 0, 0) == [0, 0, 0, 0])
        #expect(pixel(canvas.plane, 2, 2) == [1, 2, 3, 0])
    }

    @Test("Frames reach beyond every edge without harm", arguments: [-9, -2, 2, 9], [-9, -1, 2, 9])
    func beyond(left: Int, top: Int) {
        let canvas = FrameCanvas(width: 4, height: 3)
        canvas.draw(frame(3, 2, [5, 5, 5, 255]), left: left, top: top, isBlended: true)
        for (x, y) in [(0, 0), (3, 2), (1, 1)] {
            let isInside = (left..<left + 3).contains(x) && (top..<top + 2).contains(y)
            #expect((pixel(canvas.plane, x, y) == [5, 5, 5, 255]) == isInside)
        }
        canvas.clear(left: left, top: top, width: 3, height: 2)
        #expect((0..<3).allSatisfy { y in (0..<4).allSatisfy { pixel(canvas.plane, $0, y) == [0, 0, 0, 0] } })
    }

    // Porter and Duff's "over" by hand: a = s + d(1 − s), c = (cs·s + cd·d(1 − s)) / a.
    @Test(
        "Transparent pixels are laid over what is there",
        arguments: [
            ([200, 0, 0, 255], [0, 100, 0, 128], [100, 50, 0, 255]),
            ([200, 0, 0, 128], [0, 100, 0, 128], [66, 67, 0, 192]),
            ([0, 0, 0, 0], [10, 20, 30, 40], [10, 20, 30, 40]),
            ([10, 20, 30, 40], [99, 99, 99, 0], [10, 20, 30, 40]),
        ] as [([UInt8], [UInt8], [UInt8])])
    func blended(below: [UInt8], above: [UInt8], expected: [UInt8]) {
        let canvas = FrameCanvas(width: 1, height: 1)
        canvas.draw(frame(1, 1, below), left: 0, top: 0, isBlended: false)
        canvas.draw(frame(1, 1, above), left: 0, top: 0, isBlended: true)
        let found = pixel(canvas.plane, 0, 0)
        #expect(zip(found, expected).allSatisfy { abs(Int($0) - Int($1)) <= 1 }, "\(found)")
    }

    @Test("A copy is not drawn on, and can be gone back to")
    func restored() {
        let canvas = FrameCanvas(width: 2, height: 1)
        canvas.draw(frame(2, 1, [1, 1, 1, 255]), left: 0, top: 0, isBlended: false)
        let copy = canvas.snapshot()
        canvas.draw(frame(1, 1, [2, 2, 2, 255]), left: 0, top: 0, isBlended: false)
        #expect(pixel(copy, 0, 0) == [1, 1, 1, 255])
        canvas.restore(copy)
        #expect(pixel(canvas.plane, 0, 0) == [1, 1, 1, 255])
    }
}
