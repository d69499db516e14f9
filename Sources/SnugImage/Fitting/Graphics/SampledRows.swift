// SPDX-License-Identifier: Apache-2.0

/// Bands of rows spread evenly over an image: what is tried on them tells the bytes of the whole, about. Small images are
/// taken whole: the rows of a drawing that repeat others would be missing.
struct SampledRows {
    private static let bandCount = 16
    /// Pixels from which on half of the rows are enough, and a quarter.
    private static let (somePixels, manyPixels) = (1 << 17, 1 << 19)

    let plane: Plane
    /// Rows of the image over those of the bands.
    let share: Double

    /// All rows.
    init(whole: Plane) { (plane, share) = (whole, 1) }

    init(of whole: Plane) {
        let pixels = whole.width * whole.height
        guard pixels >= Self.somePixels else {
            (plane, share) = (whole, 1)
            return
        }
        let part = pixels < Self.manyPixels ? 2 : 4
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
