// SPDX-License-Identifier: Apache-2.0
import CSandbox

#if HEIF
    import CHEIF
#endif
#if JPEGXL
    import CJXL
#endif
#if TIFF
    import CTIFF
#endif

/// The decoders that a worker has.
enum WorkerCodec {
    /// Those that this was built with, and the one for whole fits.
    static var all: [snug_codec] {
        var codecs = [FitWorker.codec]
        #if HEIF
            codecs.append(
                unsafe snug_codec(
                    format: snug_codec_format.heif.rawValue, load: snug_heif_load, decode: snug_heif_decode))
            codecs.append(
                unsafe snug_codec(
                    format: snug_codec_format.avif.rawValue, load: snug_avif_load, decode: snug_avif_decode))
        #endif
        #if TIFF
            codecs.append(
                unsafe snug_codec(
                    format: snug_codec_format.tiff.rawValue, load: snug_tiff_load, decode: snug_tiff_decode))
        #endif
        #if JPEGXL
            codecs.append(
                unsafe snug_codec(
                    format: snug_codec_format.jpegXL.rawValue, load: snug_jxl_load, decode: snug_jxl_decode))
        #endif
        return codecs
    }

    /// The library of a format: its name, and the Debian package that installs it.
    static func library(_ format: snug_codec_format) -> (name: String, package: String) {
        switch format {
        case .heif: ("libheif", "libheif1")
        case .avif: ("libavif", "libavif15")
        case .tiff: ("libtiff", "libtiff6")
        case .jpegXL: ("libjxl", "libjxl0.7")
        }
    }
}
