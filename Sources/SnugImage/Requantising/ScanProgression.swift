// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// The bits of each coefficient that the scans of a JPEG have brought so far (ITU-T T.81 G.1.1.1).
struct ScanProgression {
    /// The lowest bit that is there, for each component and place in zigzag order; `nil` before the first scan.
    private var lowest: [[Int32?]]

    init(componentCount: Int) {
        lowest = Array(repeating: Array(repeating: nil, count: 64), count: componentCount)
    }

    /// - Returns: False for a scan out of order.
    mutating func add(_ band: snug_scan_band, components: [Int], isProgressive: Bool) -> Bool {
        guard band.first <= band.last, band.last < 64, band.low <= 13 else { return false }
        if isProgressive {
            let isDC = band.first == 0
            guard isDC ? band.last == 0 : components.count == 1 else { return false }
            // DC comes first, and a refinement brings the next bit.
            guard isDC || components.allSatisfy({ lowest[$0][0] != nil }) else { return false }
            guard band.high == 0 || band.low == band.high - 1 else { return false }
        }
        for component in components {
            for place in Int(band.first)...Int(band.last) {
                guard lowest[component][place] == (band.high == 0 ? nil : band.high) else { return false }
                lowest[component][place] = band.low
            }
        }
        return true
    }

    /// True when every bit of every coefficient is there.
    var isComplete: Bool { lowest.allSatisfy { $0.allSatisfy { $0 == 0 } } }

    /// True when every component has come: what has not been sent of it is 0, as its encoder may have wanted.
    var hasAllComponents: Bool { lowest.allSatisfy { $0[0] != nil } }
}
