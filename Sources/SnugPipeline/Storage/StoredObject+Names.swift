// SPDX-License-Identifier: Apache-2.0

extension StoredObject {
    /// True for a SHA-256 in lower-case hexadecimal, the only names that objects have.
    static func isDigest(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
    }

    /// The path of an object below the beginning of a storage: `sha256/ab/abcdef…`.
    ///
    /// Paths are in the order of the digests.
    /// - Throws: `refused` for a text that is no digest.
    static func path(of digest: String) throws(StorageError) -> String {
        guard isDigest(digest) else {
            throw StorageError(.refused, "'\(digest.prefix(80))' is no SHA-256 in hexadecimal, and so names no object")
        }
        return "sha256/\(digest.prefix(2))/\(digest)"
    }

    /// The digest that a path of ``path(of:)`` ends with; `nil` for another path.
    static func digest(ofPath path: some StringProtocol) -> String? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "sha256", isDigest(parts[2]), parts[2].hasPrefix(parts[1]),
            parts[1].utf8.count == 2
        else { return nil }
        return String(parts[2])
    }
}
