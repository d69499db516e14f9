// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugPipeline
import SnugSystem
import SystemPackage

/// A file, or an address that the provider fetches itself.
enum ImageArgument: ExpressibleByArgument, Hashable, Sendable {
    case file(FilePath)
    case url(String)

    init(argument: String) {
        let start = argument.prefix(8).lowercased()
        if start.hasPrefix("http://") || start.hasPrefix("https://") {
            self = .url(argument)
        } else {
            self = .file(FilePath(bytes: RawArguments.decode(argument)))
        }
    }

    static var defaultCompletionKind: CompletionKind { .file() }

    /// The input for the library. Paths are absolute, because work may resume in another folder.
    func input() throws -> ImageInput {
        switch self {
        case .file(let path): .file(try WorkingFolder.absolute(path))
        case .url(let address): .url(address)
        }
    }
}

/// `name=value`: whole numbers, numbers, true and false are sent as such, everything else as text.
struct ParameterArgument: Hashable, Sendable {
    var name: String
    var value: GenerationRequest.Parameter

    @Sendable init(parsing text: String) throws {
        guard let parameter = GenerationRequest.Parameter.named(text) else {
            throw ValidationError("a parameter is written name=value, such as quality=high")
        }
        (name, value) = parameter
    }
}

/// A place for outputs: a folder, or a file.
struct OutputArgument: ExpressibleByArgument, Hashable, Sendable {
    var path: FilePath
    /// Written as a folder's name.
    var endsInSlash: Bool

    init(argument: String) {
        path = FilePath(bytes: RawArguments.decode(argument))
        endsInSlash = argument.hasSuffix("/")
    }

    /// True for a file that exists, and for a name with the extension of an image.
    var namesFile: Bool {
        if endsInSlash || FileSystem.isFolder(path) { return false }
        if let kind = try? FileIdentity(of: path, followsLinks: true).kind { return kind == .file }
        return namesImage
    }

    /// True for a name with the extension of an image.
    var namesImage: Bool {
        guard let name = path.extension?.lowercased() else { return false }
        return name == "jpeg" || ImageFormat.allCases.contains { $0.fileExtension == name || $0.rawValue == name }
    }

    static var defaultCompletionKind: CompletionKind { .file() }
}

/// The host of local images, for a provider that takes addresses only.
enum ImageHostArgument: ExpressibleByArgument, Hashable, Sendable {
    /// Pollinations' media host, or another one like it.
    case pollinations(base: String?)
    /// A bucket or a folder in one, by its address.
    case s3(String)

    init?(argument: String) {
        if argument == "pollinations" {
            self = .pollinations(base: nil)
        } else if argument.hasPrefix("pollinations=") {
            self = .pollinations(base: String(argument.dropFirst("pollinations=".count)))
        } else if ["s3://", "https://", "http://"].contains(where: argument.lowercased().hasPrefix) {
            self = .s3(argument)
        } else {
            return nil
        }
    }
}

extension ArgumentParsing {
    @Sendable static func imageSize(_ text: String) throws -> ImageSize {
        guard let size = ImageSize(text) else {
            throw ValidationError("'\(PrintableName.escaped(text))' is no size; write 1024x768")
        }
        return size
    }

    @Sendable static func rateLimit(_ text: String) throws -> RateLimit {
        guard let limit = RateLimit(text) else {
            throw ValidationError(
                "'\(PrintableName.escaped(text))' is no rate; write 60/min, 1/s, 500/hour or 1000/day")
        }
        return limit
    }

    @Sendable static func seconds(_ text: String) throws -> Duration {
        guard let value = Double(text), value > 0, value <= 31_536_000 else {
            throw ValidationError("'\(PrintableName.escaped(text))' is no number of seconds above 0")
        }
        return .seconds(value)
    }
}
