// SPDX-License-Identifier: Apache-2.0

/// When progressive coding is worth its price: 5 % fewer bytes for 2.5 times the encoding time, and all coefficients in
/// memory.
enum ProgressiveChoice {
    /// Up to here it is always used.
    private static let alwaysPixels = 8_000_000
    /// Up to here where the byte limit costs quality, so that 5 % of the bytes are worth having.
    static let mostPixels = 40_000_000

    static func isWorthwhile(pixels: Int, limitBinds: Bool) -> Bool {
        pixels <= (limitBinds ? mostPixels : alwaysPixels)
    }
}
