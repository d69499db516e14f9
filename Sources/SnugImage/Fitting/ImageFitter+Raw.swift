// SPDX-License-Identifier: Apache-2.0
import SnugSystem

extension ImageFitter {
    /// Fits the JPEG that stands for a camera's raw file.
    func fit(
        _ preview: RawPreview, of source: ImageSource, limits: Limits, policy: FitPolicy
    ) async throws -> FittedImage {
        var image = try await fit(preview.source, limits: limits, policy: policy)
        try await threads.run { try source.checkUnchanged() }
        // A JPEG that is passed on is not the file that came in.
        if case .source = image.content {
            image.content = .bytes(try preview.source.bytes(at: 0, count: preview.source.byteCount))
        }
        image.status = .fitted
        image.warnings.insert(preview.note, at: 0)
        return image
    }
}
