// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes

/// Takes out of a server's text what must not reach a log or a person: keys, signed addresses, images.
///
/// Servers echo what they were sent, sometimes the key with it, so whatever they say is cleaned before it is used.
package struct Scrubber: Sendable, Hashable {
    private let secrets: [String]

    /// - Parameter secrets: Texts that are left out wherever they stand; what looks like a key or an image is left out
    ///   even when it is not among them.
    package init(_ secrets: [Secret] = []) {
        // Of something very short every text is full.
        self.secrets = secrets.map { $0.reveal() }.filter { $0.utf8.count >= 4 }.sorted { $0.count > $1.count }
    }

    /// Knows the secrets that a request was sent with.
    package init(_ headers: HTTPFields) { self.init(Self.secrets(in: headers)) }

    /// Knows the secrets of a request: those of its fields, those in its address, and others.
    package init(_ headers: HTTPFields, _ url: HTTPURL, and more: [Secret] = []) {
        self.init(Self.secrets(in: headers) + url.secrets + more)
    }

    /// The values of fields that may be secret.
    private static func secrets(in headers: HTTPFields) -> [Secret] {
        headers.filter { $0.isSecret || !$0.name.isPrintable }.flatMap { field in
            // `Bearer secret`, `name=secret; name=secret`.
            field.value.split { $0 == " " || $0 == ";" }.flatMap { word in
                [word, word.drop { $0 != "=" }.dropFirst()].map { Secret(String($0)) }
            }
        }
    }

    /// The text in one line, cleaned, and cut when it is longer than `limit` characters.
    package func clean(_ text: String, limit: Int = 500) -> String {
        let rest = Self.withoutUsers(hide(Self.cut(text)))
        var result = ""
        var previous = ""
        var needsBlank = false
        var token = ""
        func endToken() {
            guard !token.isEmpty else { return }
            result += Self.cleaned(token, after: previous)
            previous = token
            token = ""
        }
        for scalar in rest.unicodeScalars {
            if Self.isBlank(scalar) {
                endToken()
                needsBlank = !result.isEmpty
                continue
            }
            if needsBlank { result += " " }
            needsBlank = false
            if Self.tokenScalars.contains(scalar) {
                token.unicodeScalars.append(scalar)
            } else {
                endToken()
                result.unicodeScalars.append(scalar)
            }
        }
        endToken()
        return result.count > limit ? result.prefix(limit) + "…" : result
    }

    /// The bytes of a text, likewise. Bytes without a secret stay as they are.
    package func hide(_ bytes: [UInt8]) -> [UInt8] {
        guard !secrets.isEmpty, !bytes.isEmpty else { return bytes }
        let text = String(decoding: bytes, as: UTF8.self)
        let hidden = hide(text)
        return hidden == text ? bytes : Array(hidden.utf8)
    }

    // MARK: Pieces

    /// The texts of a list, cleaned.
    package func clean(_ texts: [String]) -> [String] { texts.map { clean($0, limit: 100) } }

    /// The text as it is, but for the secrets that are known.
    package func hide(_ text: String) -> String { secrets.reduce(text) { $0.replacing($1, with: "***") } }

    /// The beginning of a long text, never ending within a word: half a key could not be recognised.
    private static func cut(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: 64 * 1024, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return text }
        let start = scalars[..<end]
        return String(start[..<(start.lastIndex(where: isBlank) ?? end)])
    }

    /// The text with `***` for user and password of every address.
    private static func withoutUsers(_ text: String) -> String {
        guard text.contains("://"), text.contains("@") else { return text }
        return text.replacing(/:\/\/[^\s\/?#"'<>\\]*@/.matchingSemantics(.unicodeScalar), with: "://***@")
    }

    private static func cleaned(_ token: String, after previous: String) -> String {
        if ["bearer", "basic", "token"].contains(previous.lowercased()), token.utf8.count >= 8 { return "***" }
        if let mark = token.firstIndex(of: "?"), token[mark...].contains("=") {
            return withoutKeys(token[..<mark]) + "?***"
        }
        return withoutKeys(token[...])
    }

    /// A word without what is a key by its name or its form: `model=x&key=y`, `https://h.test/sk_…/a`.
    private static func withoutKeys(_ token: Substring) -> String {
        var result = ""
        var piece = ""
        var isSecret = false
        func end() {
            let isHidden = isSecret ? piece.utf8.count >= 4 : looksLikeKey(piece)
            result += isHidden ? "***" : piece
        }
        for character in token {
            guard isSecret ? character == "&" : "&=:/#@".contains(character) else {
                piece.append(character)
                continue
            }
            end()
            result.append(character)
            isSecret = "=:".contains(character) && secretNames.contains(piece.lowercased())
            piece = ""
        }
        end()
        let longest = result.utf8.split { !base64Bytes.contains($0) }.map(\.count).max() ?? 0
        return longest > 64 ? "(\(token.utf8.count) characters left out)" : result
    }

    /// True when a word is a key, whole or masked in part.
    private static func looksLikeKey(_ token: String) -> Bool {
        keyPrefixes.contains { prefix in
            guard token.hasPrefix(prefix) else { return false }
            let rest = token.dropFirst(prefix.count)
            return rest.utf8.count >= 12 || (rest.utf8.count >= 4 && rest.contains("*"))
        }
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value <= 32 || (127...160).contains(scalar.value) || scalar.properties.isWhitespace
            || scalar.properties.generalCategory == .format
    }

    private static let keyPrefixes = ["sk-", "sk_", "pk_", "pk-", "nb_", "eyJ", "AIza", "xai-", "gsk_", "hf_", "r8_"]
    private static let secretNames: Set<String> = [
        "key", "apikey", "api_key", "api-key", "x-api-key", "token", "access_token", "refresh_token", "signature",
        "secret", "client_secret", "password", "authorization", "bearer",
    ]
    private static let base64Bytes = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_".utf8)
    /// The characters of words, addresses and keys.
    private static let tokenScalars = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_.~%*:?&#@".unicodeScalars)
}
