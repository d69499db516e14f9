// SPDX-License-Identifier: Apache-2.0
import CKernels

@testable import SnugImage

/// Noise that is the same in every run (SplitMix64), so that a seed names a failure.
struct SampleNoise: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// So many bytes, of which extremes are as frequent as they are in drawings.
    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        for index in bytes.indices {
            let value = next() % 320
            bytes[index] = value < 256 ? UInt8(value) : value < 288 ? 0 : 255
        }
        return bytes
    }
}

extension KernelLevel {
    /// The instruction sets that this processor runs, slowest first.
    static var available: [KernelLevel] { best == .portable ? [.portable] : [.portable, .avx2] }
}
