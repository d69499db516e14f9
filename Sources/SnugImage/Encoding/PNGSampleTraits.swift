// SPDX-License-Identifier: Apache-2.0

/// The redundancy in a plane of 16-bit samples, which are pairs of bytes.
struct PNGSampleTraits {
    private(set) var isOpaque = true
    private(set) var isGray = true
    /// True when every sample is an 8-bit one times 257.
    private(set) var hasEqualBytes = true

    init(of plane: Plane) {
        let channels = plane.channels
        let hasAlpha = channels == 2 || channels == 4
        for y in 0..<plane.height {
            let row = plane.row(y)
            if hasEqualBytes {
                for at in Swift.stride(from: 0, to: row.count, by: 2) where row[at] != row[at + 1] {
                    hasEqualBytes = false
                    break
                }
            }
            for start in Swift.stride(from: 0, to: row.count, by: channels * 2) {
                if hasAlpha && isOpaque {
                    let alpha = start + channels * 2 - 2
                    isOpaque = row[alpha] == 255 && row[alpha + 1] == 255
                }
                if channels >= 3 && isGray {
                    isGray =
                        row[start] == row[start + 2] && row[start] == row[start + 4]
                        && row[start + 1] == row[start + 3] && row[start + 1] == row[start + 5]
                }
            }
            if !hasEqualBytes && (!isOpaque || !hasAlpha) && (!isGray || channels < 3) { break }
        }
    }
}
