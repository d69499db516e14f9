// SPDX-License-Identifier: Apache-2.0
internal import CDeflate
internal import CJPEG
internal import CKernels
internal import CLCMS
internal import CPNG

#if GIF
    internal import CGIF
#endif
#if WebP
    internal import CWebP
#endif

/// The codec libraries, for bug reports.
public enum CodecLibraries {
    /// Names and versions: of the loaded library where it reports one, else of the build.
    public static var versions: [(name: String, version: String)] {
        let colour = Int(snug_colour_library_version())
        var versions = [
            ("libjpeg-turbo", unsafe String(cString: snug_jpeg_version())),
            ("libpng", unsafe String(cString: snug_png_version())),
            ("zlib", unsafe String(cString: snug_png_zlib_version())),
            ("libdeflate", unsafe String(cString: snug_deflate_version())),
            ("Little CMS", "\(colour / 1000).\(colour % 1000 / 10)"),
        ]
        #if WebP
            let webP = Int(snug_webp_version())
            versions.append(("libwebp", "\(webP >> 16).\(webP >> 8 & 255).\(webP & 255)"))
        #endif
        #if GIF
            versions.append(("giflib", unsafe String(cString: snug_gif_version())))
        #endif
        return versions
    }

    /// The instruction set that the inner loops run on here.
    public static var kernelLevel: String {
        switch KernelLevel.best {
        case .portable: "portable"
        case .avx2: "AVX2"
        }
    }
}
