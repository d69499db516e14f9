// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Metrics
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration

/// Takes an image as it is when it fits, else fills a PNG up to the limit.
let refit: Refitter = { input, limits in
    let (bytes, name): ([UInt8], String)
    switch input {
    case .bytes(let given, let called): (bytes, name) = (given, called)
    case .file(let path): (bytes, name) = (try SnugGenerationTests.bytes(of: path), path.lastComponent?.string ?? "")
    case .url: throw GenerationError(.imageFailed, "an address is nothing to fit")
    }
    let isWebP = bytes.starts(with: Array("RIFF".utf8))
    if isWebP, limits.mediaTypes.contains("image/webp"), bytes.count <= limits.byteLimit {
        return FittedInput(bytes: bytes, mediaType: "image/webp", name: name)
    }
    if !isWebP, bytes.count <= limits.byteLimit { return FittedInput(bytes: bytes, mediaType: "image/png", name: name) }
    let empty = png().bytes.count
    return FittedInput(
        bytes: png(padding: max(0, min(bytes.count, limits.byteLimit) - empty)).bytes, mediaType: "image/png",
        name: name)
}

/// An image of so many bytes to start from.
func input(_ byteCount: Int = 400) -> ImageInput {
    .bytes(png(padding: max(0, byteCount - png().bytes.count)).bytes, name: "cat.png")
}

/// Looks at the beginning and the end of an image.
let checkWhole: ImageChecker = { path in
    struct Damaged: Error {}
    let content = try bytes(of: path)
    let size = ImageSize(width: 1, height: 1)
    if content.starts(with: Array("RIFF".utf8)), content.count > 12 {
        let length = content[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard content.count == length + 8 else { throw Damaged() }
        return ImageFacts(mediaType: "image/webp", size: size)
    }
    if content.starts(with: PNGBuilder.signature) {
        guard content.suffix(8).starts(with: Array("IEND".utf8)) else { throw Damaged() }
        return ImageFacts(mediaType: "image/png", size: size)
    }
    guard content.starts(with: [0xFF, 0xD8, 0xFF]), content.suffix(2).elementsEqual([0xFF, 0xD9]) else {
        throw Damaged()
    }
    return ImageFacts(mediaType: "image/jpeg", size: size)
}
