// SPDX-License-Identifier: Apache-2.0

/// The colour space that a PNG declares: `cICP` before a profile before `sRGB` before `gAMA` (PNG 3rd edition §4.3).
struct PNGColour {
    private(set) var profileName: String?
    private var profileByteCount: Int?
    private var codePoints: CodingIndependentColour?
    private var isSRGB = false
    private var gamma: Double?
    private var chromaticities: Chromaticities?

    /// Takes in one chunk; of a kind that comes twice, the first counts.
    mutating func note(_ chunk: PNGChunk, data: ByteView) {
        switch chunk.type {
        case "cICP" where chunk.data.count == 4 && codePoints == nil:
            // PNG 3rd edition §11.3.2.6: samples are RGB (matrix 0); those of narrow range are left to the profile.
            if data.u8(at: 2) == 0, data.u8(at: 3) == 1, let primaries = data.u8(at: 0), let transfer = data.u8(at: 1) {
                codePoints = CodingIndependentColour(primaries: primaries, transfer: transfer)
            }
        case "iCCP" where profileByteCount == nil:
            let name = data.latin1(at: 0, limit: 79)
            profileName = name.isEmpty ? nil : name
            profileByteCount = max(0, chunk.data.count - name.utf8.count - 2)
        case "sRGB" where chunk.data.count == 1: isSRGB = true
        case "gAMA" where chunk.data.count == 4 && gamma == nil:
            if let value = data.u32(at: 0), value > 0 { gamma = Double(value) / 100_000 }
        case "cHRM" where chunk.data.count == 32 && chromaticities == nil:
            let xy = (0..<8).compactMap { data.u32(at: 4 * $0) }.map { Double($0) / 100_000 }
            guard xy.count == 8 else { return }
            chromaticities = Chromaticities(
                whiteX: xy[0], whiteY: xy[1], redX: xy[2], redY: xy[3],
                greenX: xy[4], greenY: xy[5], blueX: xy[6], blueY: xy[7])
        default: break
        }
    }

    /// The declaration that wins.
    var declaration: ColourSpaceDeclaration {
        if let codePoints {
            if codePoints.isSRGB { return .sRGB }
            if codePoints.decodedProfile != nil { return .codePoints(codePoints) }
        }
        if let profileByteCount { return .icc(byteCount: profileByteCount) }
        if isSRGB { return .sRGB }
        return gamma.map { .gamma($0, chromaticities: chromaticities) } ?? .undeclared
    }
}
