// SPDX-License-Identifier: Apache-2.0
@testable import SnugImage

extension FittedImage {
    /// What an engine would hand back, without one.
    static func fake(
        _ content: Content, byteCount: Int, status: Status = .fitted, format: ImageFormat = .jpeg
    ) -> FittedImage {
        FittedImage(
            status: status, content: content, byteCount: byteCount, format: format, width: 30, height: 20,
            quality: status == .fitted ? 84.5 : nil, scale: 0.5, encodes: 1, warnings: [],
            header: ImageHeader(format: format, width: 60, height: 40))
    }
}
