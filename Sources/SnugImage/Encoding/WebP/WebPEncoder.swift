// SPDX-License-Identifier: Apache-2.0
import SnugSystem

#if WebP
    internal import CWebP
#endif

/// Encodes a plane of pixels as a WebP.
enum WebPEncoder {
    /// The way of compression.
    enum Mode: Sendable, Hashable {
        /// Lossy, of quality 0 to 100, without alpha; sharp chroma keeps coloured edges and takes longer.
        case colour(quality: Double, hasSharpChroma: Bool)
        /// The alpha alone, over one gray: of quality 100 without loss.
        case alpha(quality: Int)
        /// 100 keeps every pixel; less smooths what hardly shows.
        case lossless(nearLossless: Int)
    }

    #if WebP
        /// - Parameters:
        ///   - plane: Gray, gray and alpha, RGB or RGBA.
        ///   - method: 0, fast, to 6.
        /// - Returns: The file without metadata, `nil` when it is over the limit.
        /// - Throws: `memory_exceeded`, `codec_failed`, `CancellationError`.
        static func encode(
            _ plane: Plane, mode: Mode, method: Int, byteLimit: Int = .max, cancellation: CancellationFlag
        ) throws -> [UInt8]? {
            let pixels = plane.channels >= 3 ? plane : widened(plane)
            var settings = unsafe settings(pixels, mode: mode, method: method)
            unsafe settings.byte_limit = max(byteLimit, 0)
            unsafe settings.is_cancelled = CancellationFlag.isCancelled
            unsafe settings.context = cancellation.context
            var result: UnsafeMutablePointer<UInt8>?
            var count = 0
            let status = unsafe pixels.withSamples { samples in
                unsafe snug_webp_encode(&settings, samples, pixels.stride, &result, &count)
            }
            defer { unsafe snug_webp_free(result) }
            switch status {
            case .ok: return unsafe Array(UnsafeBufferPointer(start: result, count: count))
            case .overLimit: return nil
            case .cancelled: throw CancellationError()
            case .outOfMemory:
                throw ImageError(
                    .memoryExceeded, "no memory for a WebP encoder; \(ImageError.Setting.memory.remedy)",
                    settings: [.memory])
            default:
                throw ImageError(
                    .codecFailed,
                    "libwebp cannot write this size; please report this file"
                )
            }
        }

        private static func settings(_ pixels: Plane, mode: Mode, method: Int) -> snug_webp_settings {
            var settings = unsafe snug_webp_settings()
            unsafe settings.width = Int32(clamping: pixels.width)
            unsafe settings.height = Int32(clamping: pixels.height)
            unsafe settings.channels = Int32(pixels.channels)
            unsafe settings.method = Int32(method)
            unsafe settings.near_lossless = 100
            unsafe settings.alpha_quality = 100
            switch mode {
            case .colour(let quality, let hasSharpChroma):
                unsafe settings.part = .colour
                unsafe settings.quality = Float(quality)
                unsafe settings.uses_sharp_yuv = hasSharpChroma
            case .alpha(let quality):
                unsafe settings.part = .alpha
                unsafe settings.alpha_quality = Int32(quality)
            case .lossless(let nearLossless):
                unsafe settings.is_lossless = true
                unsafe settings.quality = 75
                unsafe settings.near_lossless = Int32(nearLossless)
            }
            return unsafe settings
        }
    #else
        /// - Throws: `unsupported_format`: this build has no encoder.
        static func encode(
            _ plane: Plane, mode: Mode, method: Int, byteLimit: Int = .max, cancellation: CancellationFlag
        ) throws -> [UInt8]? {
            throw FitPlan.notRead(.webp)
        }
    #endif

    /// Gray as RGB, with its alpha.
    private static func widened(_ plane: Plane) -> Plane {
        let channels = plane.channels + 2
        let wide = Plane(width: plane.width, height: plane.height, channels: channels)
        for y in 0..<plane.height {
            let row = plane.row(y)
            var target = wide.mutableRow(y)
            for x in 0..<plane.width {
                for channel in 0..<3 { target[x * channels + channel] = row[x * plane.channels] }
                if channels == 4 { target[x * 4 + 3] = row[x * 2 + 1] }
            }
        }
        return wide
    }
}
