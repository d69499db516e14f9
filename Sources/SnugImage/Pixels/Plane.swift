// SPDX-License-Identifier: Apache-2.0

/// A rectangle of 8-bit samples, `channels` interleaved in each pixel.
///
/// A reference so that a raster can hold several of them; used by one thread at a time. Rows begin at multiples of
/// 64 bytes, so that vector loads of neighbouring rows do not share cache lines.
@safe
final class Plane {
    /// Pixels in a row.
    let width: Int
    let height: Int
    /// Interleaved samples of one pixel: 1 to 4.
    let channels: Int
    /// Bytes from row to row.
    let stride: Int
    private let samples: UnsafeMutableRawBufferPointer

    /// Bytes that a plane of this shape occupies.
    static func byteCount(width: Int, height: Int, channels: Int) -> Int {
        strideBytes(width: width, channels: channels) * max(height, 1)
    }

    private static func strideBytes(width: Int, channels: Int) -> Int { (width * channels + 63) & ~63 }

    /// Makes a plane whose samples are not yet set to anything in particular.
    init(width: Int, height: Int, channels: Int = 1) {
        precondition(width > 0 && height > 0 && (1...4).contains(channels))
        self.width = width
        self.height = height
        self.channels = channels
        stride = Self.strideBytes(width: width, channels: channels)
        unsafe samples = .allocate(byteCount: stride * height, alignment: 64)
    }

    deinit { unsafe samples.deallocate() }

    /// Row `y`, to read: `width × channels` samples.
    @_lifetime(borrow self)
    func row(_ y: Int) -> Span<UInt8> {
        precondition(y >= 0 && y < height, "row outside the plane")
        let start = unsafe samples.baseAddress.unsafelyUnwrapped.advanced(by: y * stride)
        let span = unsafe Span<UInt8>(
            _unsafeStart: start.assumingMemoryBound(to: UInt8.self), count: width * channels)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Row `y`, to write: `width × channels` samples.
    @_lifetime(borrow self)
    func mutableRow(_ y: Int) -> MutableSpan<UInt8> {
        precondition(y >= 0 && y < height, "row outside the plane")
        let start = unsafe samples.baseAddress.unsafelyUnwrapped.advanced(by: y * stride)
        let span = unsafe MutableSpan<UInt8>(
            _unsafeStart: start.assumingMemoryBound(to: UInt8.self), count: width * channels)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// All rows with their padding, for C code that walks several rows at once.
    func withSamples<Result>(_ body: (UnsafeMutablePointer<UInt8>) throws -> Result) rethrows -> Result {
        try unsafe body(samples.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self))
    }
}
