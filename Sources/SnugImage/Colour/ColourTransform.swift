// SPDX-License-Identifier: Apache-2.0
import CLCMS

/// A Little CMS transform to sRGB.
///
/// Unchecked `Sendable` holds because the handle is never changed after `init`: the transform is made without Little
/// CMS's one-pixel cache, its only state that converting would write, and in a context of its own.
@safe
final class ColourTransform: @unchecked Sendable {
    /// The reason why there is no transform.
    enum Failure: Error, Hashable {
        case unusable(String)
        case outOfMemory
    }

    let layout: SampleLayout
    private let handle: OpaquePointer

    /// Most memory that Little CMS may hold for one transform, in bytes.
    ///
    /// The largest press profiles that are read (4 MiB of 8-bit tables) take about 25 MiB while a transform is built.
    static let memoryLimit = 64 << 20

    /// Makes a transform from a checked profile.
    init(profile: CheckedICCProfile, layout: SampleLayout, memoryLimit: Int = ColourTransform.memoryLimit)
        throws(Failure)
    {
        self.layout = layout
        var made: OpaquePointer?
        var message = [CChar](repeating: 0, count: Int(SNUG_COLOUR_MESSAGE_SIZE))
        let status = unsafe snug_colour_transform_from_profile(
            profile.bytes, profile.bytes.count, layout.forShim, memoryLimit, &message, &made)
        unsafe handle = try Self.checked(unsafe made, status, message)
    }

    /// Makes a transform from an exponent (light = sample ^ exponent) and primaries.
    init(
        exponent: Double, chromaticities: Chromaticities, layout: SampleLayout,
        memoryLimit: Int = ColourTransform.memoryLimit
    ) throws(Failure) {
        self.layout = layout
        var made: OpaquePointer?
        var message = [CChar](repeating: 0, count: Int(SNUG_COLOUR_MESSAGE_SIZE))
        let status = unsafe snug_colour_transform_from_primaries(
            exponent, chromaticities.coordinates, layout.forShim, memoryLimit, &message, &made)
        unsafe handle = try Self.checked(unsafe made, status, message)
    }

    deinit { unsafe snug_colour_transform_free(handle) }

    private static func checked(
        _ made: OpaquePointer?, _ status: snug_colour_status, _ message: [CChar]
    ) throws(Failure) -> OpaquePointer {
        switch status {
        case .ok:
            if let made = unsafe made { return unsafe made }
            throw .outOfMemory
        case .outOfMemory:
            throw .outOfMemory
        case .unusable:
            // The library quotes four-character names from the profile: only plain text is kept.
            let plain = message.prefix { $0 != 0 }.map { (0x20..<0x7F).contains($0) ? UInt8($0) : 0x2E }
            throw .unusable(String(decoding: plain, as: UTF8.self))
        }
    }

    /// Converts a row; the caller has checked that both rows hold `pixelCount` pixels.
    func convert(_ row: Span<UInt8>, pixelCount: Int, into out: inout MutableSpan<UInt8>) {
        unsafe row.withUnsafeBufferPointer { source in
            unsafe out.withUnsafeMutableBufferPointer { destination in
                guard let from = source.baseAddress, let to = destination.baseAddress else { return }
                unsafe snug_colour_convert(handle, from, to, pixelCount)
            }
        }
    }

    /// True when every colour of a grid stays the same within one code value.
    ///
    /// True of the many profiles that spell sRGB in other words (its tone curve as a table or as parameters, primaries
    /// rounded one way or the other): using them would cost time and change nothing that anyone could see.
    func isEquivalentToSRGB() -> Bool {
        let levels = (0...255).filter { $0 % 15 == 0 }
        var pixels: [[Int]]
        switch layout.model {
        case .gray:
            pixels = (0...255).map { [$0] }
        case .rgb:
            pixels = (0...255).map { [$0, $0, $0] }
            for red in levels {
                for green in levels { pixels += levels.map { [red, green, $0] } }
            }
        case .cmyk, .invertedCMYK:
            return false
        }
        let opaque = layout.hasAlpha ? [255] : []
        let expected = pixels.flatMap { $0 + opaque }.map { UInt8(truncatingIfNeeded: $0) }
        // A sample repeated in both of its bytes is the same colour in 16 bits, in either byte order.
        let source = layout.isSixteenBit ? expected.flatMap { [$0, $0] } : expected
        var converted = [UInt8](repeating: 0, count: expected.count)
        var out = converted.mutableSpan
        convert(source.span, pixelCount: pixels.count, into: &out)
        return zip(converted, expected).allSatisfy { abs(Int($0) - Int($1)) <= 1 }
    }
}
