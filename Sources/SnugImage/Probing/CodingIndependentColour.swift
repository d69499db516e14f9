// SPDX-License-Identifier: Apache-2.0

/// A colour space by the code points of ITU-T H.273, as PNG's `cICP` gives them.
public struct CodingIndependentColour: Sendable, Hashable {
    /// ColourPrimaries (H.273 table 2).
    public var primaries: Int
    /// TransferCharacteristics (H.273 table 3).
    public var transfer: Int

    /// Names a colour space.
    public init(primaries: Int, transfer: Int) {
        self.primaries = primaries
        self.transfer = transfer
    }

    /// True for the primaries and the curve of sRGB.
    var isSRGB: Bool { primaries == 1 && transfer == 13 }

    /// Light of red, green and blue, and of white.
    var chromaticities: Chromaticities? {
        let d65 = (x: 0.3127, y: 0.3290)
        func made(
            _ red: (Double, Double), _ green: (Double, Double), _ blue: (Double, Double),
            white: (x: Double, y: Double) = d65
        ) -> Chromaticities {
            Chromaticities(
                whiteX: white.x, whiteY: white.y, redX: red.0, redY: red.1, greenX: green.0, greenY: green.1,
                blueX: blue.0, blueY: blue.1)
        }
        switch primaries {
        case 1: return .sRGB
        case 4: return made((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), white: (0.310, 0.316))
        case 5: return made((0.64, 0.33), (0.29, 0.60), (0.15, 0.06))
        case 6, 7: return made((0.63, 0.34), (0.31, 0.595), (0.155, 0.07))
        case 8: return made((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), white: (0.310, 0.316))
        case 9: return made((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
        case 11: return made((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), white: (0.314, 0.351))
        case 12: return made((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
        case 22: return made((0.630, 0.340), (0.295, 0.605), (0.155, 0.077))
        default: return nil
        }
    }

    /// A profile of the colour space.
    ///
    /// - Returns: `nil` for curves of high dynamic range (16, 18) and for code points that are not known.
    var profile: [UInt8]? {
        guard let chromaticities, let curve else { return nil }
        return MatrixProfile(chromaticities: chromaticities, curve: curve).bytes
    }

    /// The curve of high dynamic range, if it is one.
    var dynamicCurve: ToneMapping.Curve? { ToneMapping.Curve(transfer: transfer) }

    /// A profile of the samples that decoders give: those of high dynamic range are brought to the curve of sRGB.
    var decodedProfile: [UInt8]? {
        dynamicCurve == nil ? profile : CodingIndependentColour(primaries: primaries, transfer: 13).profile
    }

    private var curve: MatrixProfile.Curve? {
        switch transfer {
        case 1, 6, 14, 15: .parametric(gamma: 1 / 0.45, a: 1 / 1.099, b: 0.099 / 1.099, c: 1 / 4.5, d: 0.081)
        case 4: .power(2.2)
        case 5: .power(2.8)
        case 8: .power(1)
        case 13: .parametric(gamma: 2.4, a: 1 / 1.055, b: 0.055 / 1.055, c: 1 / 12.92, d: 0.04045)
        default: nil
        }
    }
}
