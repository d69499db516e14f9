// SPDX-License-Identifier: Apache-2.0

extension ImageFitter {
    /// The images that are handled in processes of their own, where a fault of a codec costs one image and nothing else.
    public enum Isolation: String, Sendable, Hashable, CaseIterable {
        /// HEIF, AVIF, TIFF and JPEG XL are decoded there, and everything else is done in this process.
        case riskyFormats
        /// Images of all other formats too: a process without files and network reads, decodes and encodes them.
        ///
        /// Needs ``ImageFitter/Configuration/decoderWorker``; without one every image is refused as `decoder_unavailable`.
        case everything
    }
}
