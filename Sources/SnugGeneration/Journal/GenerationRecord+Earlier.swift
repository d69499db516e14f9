// SPDX-License-Identifier: Apache-2.0
import SystemPackage

extension GenerationRecord {
    /// Lets the record ask for the images that are missing beside some that are there, under names that are free.
    mutating func keepEarlier(_ images: [Generation.Image]) {
        guard !images.isEmpty else { return }
        let all = (earlierImages ?? []) + images
        earlierImages = all
        let taken = Set(all.compactMap { number(of: $0) })
        let missing = max(1, request.count - all.count)
        var first = firstNumber ?? 1
        while let last = (first..<first + missing).last(where: taken.contains) { first = last + 1 }
        firstNumber = first
    }

    /// The number at the end of an image's name.
    private func number(of image: Generation.Image) -> Int? {
        guard let stem = image.path.stem, stem.hasPrefix(destination.name + "-") else { return nil }
        return Int(stem.dropFirst(destination.name.utf8.count + 1).prefix { $0.isNumber })
    }
}
