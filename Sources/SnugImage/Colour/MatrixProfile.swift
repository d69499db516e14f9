// SPDX-License-Identifier: Apache-2.0

/// An ICC profile of three primaries and one curve, for colour spaces that a file names instead of embedding a profile.
struct MatrixProfile {
    /// The curve from samples to light.
    enum Curve: Sendable, Hashable {
        case power(Double)
        /// (a·x + b)^gamma from d on, c·x below (ICC.1:2022 table 68, function 3).
        case parametric(gamma: Double, a: Double, b: Double, c: Double, d: Double)
    }

    var chromaticities: Chromaticities
    var curve: Curve

    /// The profile (ICC.1:2022 §8.3.3).
    var bytes: [UInt8] {
        let columns = adaptedPrimaries
        let curve = curveElement
        let elements: [(String, [UInt8])] = [
            ("wtpt", Self.xyz(Self.d50)), ("rXYZ", Self.xyz(columns[0])), ("gXYZ", Self.xyz(columns[1])),
            ("bXYZ", Self.xyz(columns[2])), ("rTRC", curve), ("gTRC", curve), ("bTRC", curve),
        ]
        var table = Self.number(elements.count)
        var data: [UInt8] = []
        let start = 128 + 4 + 12 * elements.count
        for (name, element) in elements {
            table += Array(name.utf8) + Self.number(start + data.count) + Self.number(element.count)
            data += element + [UInt8](repeating: 0, count: -element.count & 3)
        }
        return header(byteCount: start + data.count) + table + data
    }

    private func header(byteCount: Int) -> [UInt8] {
        var header = Self.number(byteCount) + [0, 0, 0, 0] + [4, 0x20, 0, 0]
        header += Array("mntrRGB XYZ ".utf8) + [UInt8](repeating: 0, count: 12) + Array("acsp".utf8)
        header += [UInt8](repeating: 0, count: 28)
        header += Self.d50.flatMap(Self.fixed)
        return header + [UInt8](repeating: 0, count: 128 - header.count)
    }

    private var curveElement: [UInt8] {
        let (function, values): (Int, [Double]) =
            switch curve {
            case .power(let gamma): (0, [gamma])
            case .parametric(let gamma, let a, let b, let c, let d): (3, [gamma, a, b, c, d])
            }
        return Array("para".utf8) + [0, 0, 0, 0, 0, UInt8(function), 0, 0] + values.flatMap(Self.fixed)
    }

    // MARK: - Numbers

    private static let d50 = [0.9642, 1.0, 0.8249]
    private static let bradford = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]

    /// XYZ of red, green and blue, adapted to D50 (ICC.1:2022 annex E).
    private var adaptedPrimaries: [[Double]] {
        let c = chromaticities
        let white = Self.xyz(x: c.whiteX, y: c.whiteY)
        let primaries = [
            Self.xyz(x: c.redX, y: c.redY), Self.xyz(x: c.greenX, y: c.greenY), Self.xyz(x: c.blueX, y: c.blueY),
        ]
        let matrix = (0..<3).map { row in primaries.map { $0[row] } }
        let amounts = Self.solve(matrix, white)
        let (from, to) = (Self.multiply(Self.bradford, white), Self.multiply(Self.bradford, Self.d50))
        return zip(primaries, amounts).map { primary, amount in
            let cone = Self.multiply(Self.bradford, primary.map { $0 * amount })
            return Self.solve(Self.bradford, (0..<3).map { cone[$0] * to[$0] / from[$0] })
        }
    }

    private static func xyz(x: Double, y: Double) -> [Double] { [x / y, 1, (1 - x - y) / y] }

    private static func multiply(_ matrix: [[Double]], _ vector: [Double]) -> [Double] {
        matrix.map { zip($0, vector).reduce(0) { $0 + $1.0 * $1.1 } }
    }

    /// Solves three equations by Cramer's rule.
    private static func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
        func determinant(_ m: [[Double]]) -> Double {
            m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
                + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
        }
        let whole = determinant(matrix)
        return (0..<3).map { column in
            var replaced = matrix
            for row in 0..<3 { replaced[row][column] = right[row] }
            return determinant(replaced) / whole
        }
    }

    private static func xyz(_ values: [Double]) -> [UInt8] {
        Array("XYZ ".utf8) + [0, 0, 0, 0] + values.flatMap(fixed)
    }

    /// s15Fixed16Number.
    private static func fixed(_ value: Double) -> [UInt8] {
        let bits = UInt32(bitPattern: Int32((value * 65_536).rounded()))
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bits >> UInt32($0)) }
    }

    private static func number(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
