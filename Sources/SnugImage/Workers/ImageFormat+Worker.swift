// SPDX-License-Identifier: Apache-2.0
import CSandbox

extension ImageFormat {
    /// The decoder in a worker; `nil` for formats that are decoded in this process, and for those that this was built without.
    var workerCodec: snug_codec_format? {
        switch self {
        #if HEIF
            case .heif: return .heif
            case .avif: return .avif
        #endif
        #if TIFF
            case .tiff: return .tiff
        #endif
        #if JPEGXL
            case .jpegXL: return .jpegXL
        #endif
        default: return nil
        }
    }

    /// True when the format is only decoded in processes of its own.
    package var isDecodedByWorkers: Bool { workerCodec != nil }

    /// True when a file's profile is found without decoding it.
    var isProfileOutside: Bool { self == .heif || self == .avif || self == .tiff }
}
