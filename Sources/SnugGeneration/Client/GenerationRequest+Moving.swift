// SPDX-License-Identifier: Apache-2.0
internal import SystemPackage

extension GenerationRequest {
    /// True for the same request.
    /// - Parameter filesMayMove: Files are the same by their names, whatever their folders.
    func isSame(as other: GenerationRequest, filesMayMove: Bool) -> Bool {
        guard filesMayMove, images.count == other.images.count else { return self == other }
        var moved = self
        moved.images = zip(images, other.images).map { image, known in
            guard case .file(let path) = image, case .file(let knownPath) = known,
                path.lastComponent == knownPath.lastComponent
            else { return image }
            return known
        }
        return moved == other
    }
}
