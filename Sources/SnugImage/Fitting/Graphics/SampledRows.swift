// SPDX-License-Identifier: Apache-2.0

/// Bands of rows spread evenly over an image: what is tried on them tells the bytes of the whole, about.
struct SampledRows {
    private static let bandCount = 16
    /// Pixels from which on fewer of the rows are enough.
    private static let manyPixels = 1 << 19

    let plane: Plane
    /// Rows of the image over those of the bands.
    let share: Double

    init(of whole: Plane) {
        let part = whole.width * whole.height < Self.manyPixels ? 2 : 4
        let band = max(whole.height / (Self.bandCount * part), 1)
        let rows = (0..<whole.height).filter { $0 / band % part == 0 }
        let plane = Plane(width: whole.width, height: rows.count, channels: whole.channels)
        for (index, y) in rows.enumerated() {
            var target = plane.mutableRow(index)
            target.copy(from: whole.row(y))
        }
        self.plane = plane
        share = Double(whole.height) / Double(rows.count)
    }
}
