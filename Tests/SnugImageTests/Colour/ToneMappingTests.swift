// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

/// Curves of ITU-R BT.2100 and the EETF of BT.2390, against values that the recommendations and BT.2408 print.
@Suite struct ToneMappingTests {
    @Test(
        "PQ values are light as BT.2408 tabulates it",
        arguments: [(0.0, 0.0), (0.5081, 100), (0.5807, 203), (0.7518, 1000), (0.9026, 4000), (1, 10_000)])
    func pq(value: Double, light: Double) {
        #expect(abs(ToneMapping.pqLight(value) - light) <= light * 0.002)
        #expect(abs(ToneMapping.pqValue(light) - value) <= 0.0001)
    }

    @Test("HLG is the square root below a twelfth of the scene's light, and reaches it at the top")
    func hlg() {
        #expect(ToneMapping.hlgSceneLight(0) == 0)
        #expect(abs(ToneMapping.hlgSceneLight(0.5) - 1 / 12) < 1e-9)
        #expect(abs(ToneMapping.hlgSceneLight(1) - 1) < 1e-6)
        // BT.2408: graphics white, 75 %, is 203 cd/m² on a display of 1,000.
        let light = 1000 * ToneMapping.hlgSceneLight(0.75)
        #expect(light > 200 && light < 270)
    }

    @Test("Dark and middle tones stay, the peak becomes white, and brighter is never darker")
    func mapped() {
        // The knee of BT.2390 is at 1.5 × 0.7724 − 0.5 of the peak's value, 88 cd/m².
        for light in stride(from: 0.0, through: 80, by: 10) { #expect(ToneMapping.toneMapped(light) == light) }
        #expect(abs(ToneMapping.toneMapped(ToneMapping.peak) - ToneMapping.white) < 0.01)
        #expect(abs(ToneMapping.toneMapped(10_000) - ToneMapping.white) < 0.01)
        let curve = stride(from: 0.0, through: 1000, by: 1).map(ToneMapping.toneMapped)
        #expect(zip(curve, curve.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test("A saturated colour keeps its hue", arguments: [ToneMapping.Curve.pq, .hlg])
    func hue(curve: ToneMapping.Curve) {
        let mapping = ToneMapping(curve)
        var out = [UInt8](repeating: 0, count: 6)
        var span = out.mutableSpan
        let row: [UInt8] = [191, 0, 0]
        mapping.convert(row.span, isSixteenBit: false, channels: 3, hasAlpha: false, into: &span)
        #expect(out[1] > 128 && out[2...].allSatisfy { $0 == 0 })
    }

    @Test("Alpha is kept, and gray stays gray", arguments: [2, 4])
    func alpha(channels: Int) {
        let mapping = ToneMapping(.pq)
        var out = [UInt8](repeating: 0, count: channels * 2)
        var span = out.mutableSpan
        let row = [UInt8](repeating: 100, count: channels - 1) + [77]
        mapping.convert(row.span, isSixteenBit: false, channels: channels, hasAlpha: true, into: &span)
        #expect(Array(out.suffix(2)) == [77, 77])
        #expect(Set(stride(from: 1, to: channels * 2 - 2, by: 2).map { out[$0] }).count == 1)
    }

    @Test("Only PQ and HLG are of high dynamic range", arguments: 0...18)
    func curves(transfer: Int) {
        #expect((ToneMapping.Curve(transfer: transfer) != nil) == (transfer == 16 || transfer == 18))
    }
}
