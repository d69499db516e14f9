// SPDX-License-Identifier: Apache-2.0
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Generation.Picture: Codable {
    private enum Key: String, CodingKey { case path, mediaType, width, height, byteCount, source, revisedPrompt }

    /// From what ``encode(to:)`` wrote.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        self.init(
            path: try values.decode(PlainPath.self, forKey: .path).path,
            mediaType: try values.decode(String.self, forKey: .mediaType),
            size: PictureSize(
                width: try values.decode(Int.self, forKey: .width), height: try values.decode(Int.self, forKey: .height)
            ),
            byteCount: try values.decode(Int.self, forKey: .byteCount),
            source: try values.decodeIfPresent(String.self, forKey: .source),
            revisedPrompt: try values.decodeIfPresent(String.self, forKey: .revisedPrompt))
    }

    /// All members.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(PlainPath(path: path), forKey: .path)
        try values.encode(mediaType, forKey: .mediaType)
        try values.encode(size.width, forKey: .width)
        try values.encode(size.height, forKey: .height)
        try values.encode(byteCount, forKey: .byteCount)
        try values.encodeIfPresent(source, forKey: .source)
        try values.encodeIfPresent(revisedPrompt, forKey: .revisedPrompt)
    }
}

extension GenerationRecord {
    /// What a part came to that was delivered before, unless its pictures are not where they were put.
    var delivered: Generation? {
        guard state == .delivered, let pictures, !pictures.isEmpty else { return nil }
        let isThere = pictures.allSatisfy { DiskCalls.status($0.path).map { Int($0.st_size) } == $0.byteCount }
        guard isThere else { return nil }
        return Generation(id: jobID, model: model, pictures: pictures, seed: seed, cost: cost, isRecovered: true)
    }
}
