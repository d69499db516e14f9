// SPDX-License-Identifier: Apache-2.0

/// Reads what the first bytes of an image say.
public enum ImageProbe {
    /// Reads the header of an image.
    ///
    /// Reads up to the first picture data, never the pixels.
    /// - Throws: `empty_input`, `not_an_image`, `corrupt_input`, `truncated_input`, `limit_exceeded`, `io_failed`.
    public static func header(
        of source: ImageSource, limits: InputLimits = InputLimits()
    ) throws(ImageError) -> ImageHeader {
        throw ImageError(.notAnImage, "")
    }
}
