// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

/// Takes out of a server's text what must not reach a log or a person: keys, signed addresses, pictures.
///
/// Servers echo what they were sent, sometimes the key with it, so whatever they say is cleaned before it is used.
struct Scrubber: Sendable, Hashable {
    private let secrets: [String]

    /// - Parameter secrets: Texts that are left out wherever they stand; what looks like a key or a picture is left out
    ///   even when it is not among them.
    init(_ secrets: [Secret] = []) {
        // Of something very short every text is full.
        self.secrets = secrets.map { $0.reveal() }.filter { $0.utf8.count >= 4 }.sorted { $0.count > $1.count }
    }

    /// Knows the secrets that a request was sent with.
    init(_ headers: HTTPHeaders) {
        self.init(
            headers.fields.filter(\.isSecret).flatMap { field in
                field.value.split(separator: " ").map { Secret(String($0)) }
            })
    }

    /// The text in one line, cleaned, and cut when it is longer than `limit` characters.
    func clean(_ text: String, limit: Int = 500) -> String {
        // Cut first, but never within something that is to be recognised as a whole.
        var rest = String(text.unicodeScalars.prefix(64 * 1024))
        for secret in secrets { rest = rest.replacing(secret, with: "***") }
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

    // MARK: Pieces

    /// The same for what is shown as a list.
    func clean(_ texts: [String]) -> [String] { texts.map { clean($0, limit: 100) } }

    private static func cleaned(_ token: String, after previous: String) -> String {
        if ["bearer", "basic", "token"].contains(previous.lowercased()), token.utf8.count >= 8 { return "***" }
        if let mark = token.firstIndex(of: "?"), token[mark...].contains("=") { return token[...mark] + "***" }
        if let sign = token.firstIndex(where: { $0 == "=" || $0 == ":" }),
            secretNames.contains(token[..<sign].lowercased()), token[sign...].utf8.count > 4
        {
            return token[...sign] + "***"
        }
        if looksLikeKey(token) { return "***" }
        let longest = token.utf8.split { !base64Bytes.contains($0) }.map(\.count).max() ?? 0
        return longest > 64 ? "(\(token.utf8.count) characters left out)" : token
    }

    /// Whether a word is a key, whole or masked in part.
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
        "key", "apikey", "api_key", "api-key", "token", "access_token", "refresh_token", "signature", "secret",
    ]
    private static let base64Bytes = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_".utf8)
    /// What words, addresses and keys are made of.
    private static let tokenScalars = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_.~%*:?&#@".unicodeScalars)
}
