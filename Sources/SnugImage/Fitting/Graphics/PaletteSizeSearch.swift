// SPDX-License-Identifier: Apache-2.0
import RealModule

/// Finds the share of the sides at which a palette PNG has a number of bytes; holds no pixels.
struct PaletteSizeSearch {
    /// Shares closer than this are the same size.
    private static let narrowest = 1.003

    /// The full size is known to be too large.
    static let largest = 0.98
    /// Times the limit up to which bytes are measured: a size far over its limit is left in one step.
    static let measured = 8

    /// Bytes aimed at.
    let target: Double
    private var fitting: (share: Double, bytes: Double)?
    private var tooLarge: (share: Double, bytes: Double)?

    /// The power of the side that bytes are taken to follow, where only one size is known.
    private let power: Double

    init(target: Double, power: Double = 2) {
        self.target = target
        self.power = power
    }

    /// - Parameters:
    ///   - share: The share tried last.
    ///   - bytes: Its bytes.
    ///   - fits: True when they are within the limit.
    /// - Returns: The share to try next, below 1; `nil` when there is none between those that are known.
    mutating func next(after share: Double, bytes: Double, fits: Bool) -> Double? {
        if fits {
            if share > fitting?.share ?? 0 { fitting = (share, bytes) }
        } else if share < tooLarge?.share ?? .infinity {
            tooLarge = (share, bytes)
        }
        guard let fitting, let tooLarge, fitting.share < tooLarge.share else {
            let wanted = min(
                share * Double.pow(target / bytes, 1 / power), Self.largest, (tooLarge?.share ?? 1) * 0.995)
            return abs(wanted / share - 1) > Self.narrowest - 1 ? wanted : nil
        }
        let width = tooLarge.share / fitting.share
        guard width > Self.narrowest else { return nil }
        // Between two known sizes bytes follow a power of the side, when both are measured.
        let power = Double.log(tooLarge.bytes / fitting.bytes) / Double.log(width)
        let wanted = power > 0 ? fitting.share * Double.pow(target / fitting.bytes, 1 / power) : 0
        let margin = Double.pow(width, 0.1)
        return min(max(wanted, fitting.share * margin), tooLarge.share / margin)
    }
}
