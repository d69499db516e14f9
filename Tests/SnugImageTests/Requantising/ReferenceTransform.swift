// SPDX-License-Identifier: Apache-2.0
import RealModule

@testable import SnugImage

/// The DCT by its definition (T.81 A.3.3), in double precision and natural order: slow, and written apart from what it
/// checks.
enum ReferenceTransform {
    /// `basis[u][x]`: the share of frequency `u` at place `x`, scaled so that both directions use the same.
    private static let basis: [[Double]] = (0..<8).map { u in
        (0..<8).map { x in
            let scale = u == 0 ? (1.0 / 8).squareRoot() : 0.5
            return scale * Double.cos((2 * Double(x) + 1) * Double(u) * .pi / 16)
        }
    }

    /// 64 coefficients of 64 samples, which are 0 at mid-grey.
    static func forward(_ samples: [Double]) -> [Double] {
        transformed(samples) { frequency, place in basis[frequency][place] }
    }

    /// 64 samples of 64 coefficients.
    static func inverse(_ coefficients: [Double]) -> [Double] {
        transformed(coefficients) { place, frequency in basis[frequency][place] }
    }

    private static func transformed(_ block: [Double], _ factor: (Int, Int) -> Double) -> [Double] {
        var rows = [Double](repeating: 0, count: 64)
        for y in 0..<8 {
            for u in 0..<8 { for x in 0..<8 { rows[y * 8 + u] += block[y * 8 + x] * factor(u, x) } }
        }
        var result = [Double](repeating: 0, count: 64)
        for v in 0..<8 {
            for y in 0..<8 {
                let share = factor(v, y)
                for u in 0..<8 { result[v * 8 + u] += rows[y * 8 + u] * share }
            }
        }
        return result
    }

    /// A block in the order of a file, put into natural order.
    static func natural<Value>(_ zigzag: [Value]) -> [Value] {
        var natural = zigzag
        for (place, index) in Self.zigzag.enumerated() { natural[index] = zigzag[place] }
        return natural
    }

    /// T.81 figure A.6, walked along its diagonals.
    static let zigzag: [Int] = (0..<15).flatMap { diagonal -> [Int] in
        let places = (max(0, diagonal - 7)...min(7, diagonal)).map { y in y * 8 + diagonal - y }
        return diagonal.isMultiple(of: 2) ? places.reversed() : places
    }
}
