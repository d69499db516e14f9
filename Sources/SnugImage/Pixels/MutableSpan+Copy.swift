// SPDX-License-Identifier: Apache-2.0

extension MutableSpan<UInt8> {
    /// Copies as many samples as both have.
    mutating func copy(from source: Span<UInt8>) {
        let count = Swift.min(self.count, source.count)
        unsafe withUnsafeMutableBytes { target in
            unsafe source.withUnsafeBytes { bytes in
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[0..<count]))
            }
        }
    }
}
