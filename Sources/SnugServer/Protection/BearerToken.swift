// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SnugSystem
public import SystemPackage

/// A secret that requests show in their `Authorization` field.
///
/// Only its digest is kept, so that comparing takes the same time for every guess and no log can show the token.
public struct BearerToken: Sendable, Hashable {
    /// Fewest characters, so that a token cannot be guessed.
    public static let minimumLength = 16

    private let digest: [UInt8]

    /// Takes a token.
    /// - Throws: ``ServerConfigurationError`` for a short one.
    public init(_ text: String) throws(ServerConfigurationError) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let word = words.first, word.count >= Self.minimumLength else {
            throw ServerConfigurationError(
                "the token is not one word of at least \(Self.minimumLength) characters; make one with "
                    + "'openssl rand -hex 32'")
        }
        digest = Self.digest(String(word))
    }

    /// Reads a token from the first line of a file. It blocks.
    /// - Throws: ``ServerConfigurationError``.
    public init(file: FilePath) throws(ServerConfigurationError) {
        let bytes: [UInt8]
        do {
            let descriptor = try FileDescriptor.open(file, .readOnly, options: [.closeOnExec])
            bytes = try descriptor.closeAfter { try descriptor.readBytes(maximum: 4096) }
        } catch {
            throw ServerConfigurationError(
                "the token's file \(PrintableName.of(file)) cannot be read: \(error); check its name and permissions")
        }
        let line = bytes.prefix { $0 != 0x0A }
        do { try self.init(String(decoding: line, as: UTF8.self)) } catch {
            throw ServerConfigurationError("\(PrintableName.of(file)): \(error.message)")
        }
    }

    /// True for the token itself.
    func matches(_ candidate: String) -> Bool {
        let other = Self.digest(candidate)
        return zip(digest, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// True for an `Authorization` field that shows the token: as Bearer, or as the password of Basic, which Tinify's clients use.
    func isShown(in authorization: String) -> Bool {
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return false }
        switch parts[0].lowercased() {
        case "bearer": return matches(String(parts[1]))
        case "basic":
            guard let decoded = Data(base64Encoded: String(parts[1])),
                let text = String(validating: decoded, as: UTF8.self), let colon = text.firstIndex(of: ":")
            else { return false }
            return matches(String(text[text.index(after: colon)...]))
        default: return false
        }
    }

    private static func digest(_ text: String) -> [UInt8] { MessageDigest.sha256(Data(text.utf8)) }
}
