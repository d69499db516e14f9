// SPDX-License-Identifier: Apache-2.0

/// Working memory of the row kernels: zeroed, and aligned to cache lines so that vector loads seldom straddle two.
@safe
struct AlignedSamples<Sample: BitwiseCopyable & FixedWidthInteger>: ~Copyable {
    private let samples: UnsafeMutableBufferPointer<Sample>

    /// Samples held.
    var count: Int { unsafe samples.count }

    /// Makes room for `count` samples, all 0.
    init(count: Int) {
        precondition(count >= 0)
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(count, 1) * MemoryLayout<Sample>.stride, alignment: 64)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe samples = UnsafeMutableBufferPointer(rebasing: memory.bindMemory(to: Sample.self)[..<count])
    }

    deinit { unsafe samples.deallocate() }

    /// The samples, to read.
    var span: Span<Sample> {
        @_lifetime(borrow self)
        get { unsafe _overrideLifetime(samples.span, borrowing: self) }
    }

    /// The samples, to write.
    var mutableSpan: MutableSpan<Sample> {
        @_lifetime(&self)
        mutating get {
            let span = unsafe MutableSpan(_unsafeElements: samples)
            return unsafe _overrideLifetime(span, mutating: &self)
        }
    }

    /// Lends the memory to a kernel.
    func withPointer<Result>(_ body: (UnsafePointer<Sample>) -> Result) -> Result {
        unsafe body(UnsafePointer(samples.baseAddress.unsafelyUnwrapped))
    }

    /// Lends the memory to a kernel that writes it.
    mutating func withMutablePointer<Result>(_ body: (UnsafeMutablePointer<Sample>) -> Result) -> Result {
        unsafe body(samples.baseAddress.unsafelyUnwrapped)
    }
}
