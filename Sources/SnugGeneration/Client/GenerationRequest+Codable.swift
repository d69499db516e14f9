// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SnugSystem
import SystemPackage

/// The form of a request in a journal. A member that is missing has its default, so that older journals stay readable.
extension GenerationRequest: Codable {
    private enum Key: String, CodingKey {
        case prompt, model, fallbackModels, size, count, images, mask, seed, format, partialImages, parameters
    }

    /// From what ``encode(to:)`` wrote.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        self.init(
            prompt: try values.decode(String.self, forKey: .prompt),
            model: try values.decodeIfPresent(String.self, forKey: .model),
            fallbackModels: try values.decodeIfPresent([String].self, forKey: .fallbackModels) ?? [],
            size: try values.decodeIfPresent(ImageSize.self, forKey: .size),
            count: try values.decodeIfPresent(Int.self, forKey: .count) ?? 1,
            images: try values.decodeIfPresent([ImageInput].self, forKey: .images) ?? [],
            mask: try values.decodeIfPresent(ImageInput.self, forKey: .mask),
            seed: try values.decodeIfPresent(Int.self, forKey: .seed),
            format: try values.decodeIfPresent(String.self, forKey: .format),
            partialImages: try values.decodeIfPresent(Int.self, forKey: .partialImages) ?? 0,
            parameters: try values.decodeIfPresent([String: Parameter].self, forKey: .parameters) ?? [:])
    }

    /// All members.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(prompt, forKey: .prompt)
        try values.encodeIfPresent(model, forKey: .model)
        try values.encode(fallbackModels, forKey: .fallbackModels)
        try values.encodeIfPresent(size, forKey: .size)
        try values.encode(count, forKey: .count)
        try values.encode(images, forKey: .images)
        try values.encodeIfPresent(mask, forKey: .mask)
        try values.encodeIfPresent(seed, forKey: .seed)
        try values.encodeIfPresent(format, forKey: .format)
        try values.encode(partialImages, forKey: .partialImages)
        try values.encode(parameters, forKey: .parameters)
    }
}

extension ImageSize: Codable {
    /// From `WxH`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let size = ImageSize(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no size")
        }
        self = size
    }

    /// Writes `WxH`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension ImageInput: Codable {
    private enum Key: String, CodingKey { case file, bytes, name, url }

    /// From what ``encode(to:)`` wrote.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        if let path = try values.decodeIfPresent(PlainPath.self, forKey: .file) {
            self = .file(path.path)
        } else if let bytes = try values.decodeIfPresent(Data.self, forKey: .bytes) {
            self = .bytes(Array(bytes), name: try values.decode(String.self, forKey: .name))
        } else {
            self = .url(try values.decode(String.self, forKey: .url))
        }
    }

    /// Writes an object whose one member names the case.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        switch self {
        case .file(let path): try values.encode(PlainPath(path: path), forKey: .file)
        case .bytes(let bytes, let name):
            try values.encode(Data(bytes), forKey: .bytes)
            try values.encode(name, forKey: .name)
        case .url(let address): try values.encode(address, forKey: .url)
        }
    }
}

extension ImageDestination: Codable {
    private enum Key: String, CodingKey { case folder, name, fileExtension, replaces }

    /// From what ``encode(to:)`` wrote.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        self.init(
            folder: try values.decode(PlainPath.self, forKey: .folder).path,
            name: try values.decode(String.self, forKey: .name),
            fileExtension: try values.decodeIfPresent(String.self, forKey: .fileExtension),
            replaces: try values.decode(Bool.self, forKey: .replaces))
    }

    /// All members.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(PlainPath(path: folder), forKey: .folder)
        try values.encode(name, forKey: .name)
        try values.encodeIfPresent(fileExtension, forKey: .fileExtension)
        try values.encode(replaces, forKey: .replaces)
    }
}

extension Generation.Image: Codable {
    private enum Key: String, CodingKey {
        case path, mediaType, size, byteCount, source, revisedPrompt, conversionFailure
    }

    /// From what ``encode(to:)`` wrote.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        self.init(
            path: try values.decode(PlainPath.self, forKey: .path).path,
            mediaType: try values.decode(String.self, forKey: .mediaType),
            size: try values.decode(ImageSize.self, forKey: .size),
            byteCount: try values.decode(Int.self, forKey: .byteCount),
            source: try values.decodeIfPresent(String.self, forKey: .source),
            revisedPrompt: try values.decodeIfPresent(String.self, forKey: .revisedPrompt))
        conversionFailure = try values.decodeIfPresent(String.self, forKey: .conversionFailure)
    }

    /// All members.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(PlainPath(path: path), forKey: .path)
        try values.encode(mediaType, forKey: .mediaType)
        try values.encode(size, forKey: .size)
        try values.encode(byteCount, forKey: .byteCount)
        try values.encodeIfPresent(source, forKey: .source)
        try values.encodeIfPresent(revisedPrompt, forKey: .revisedPrompt)
        try values.encodeIfPresent(conversionFailure, forKey: .conversionFailure)
    }
}

/// A path as text, or as bytes where it is none: names of files need not be UTF-8.
private struct PlainPath: Codable {
    var path: FilePath

    init(path: FilePath) { self.path = path }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            path = FilePath(text)
            return
        }
        path = FilePath(bytes: try container.decode([UInt8].self))
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        let bytes = path.bytes
        if let text = String(validating: bytes, as: UTF8.self) {
            try container.encode(text)
        } else {
            try container.encode(bytes)
        }
    }
}
