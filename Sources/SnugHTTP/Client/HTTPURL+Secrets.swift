// SPDX-License-Identifier: Apache-2.0

extension HTTPURL {
    /// The address with `***` for the values of its query that grant access.
    ///
    /// Other values stay, because they may name the object.
    package var redacted: String {
        guard let query else { return text }
        let items = query.split(separator: "&", omittingEmptySubsequences: false).map { item -> Substring in
            guard let equals = item.firstIndex(of: "="), Self.isSecret(item[..<equals]) else { return item }
            return item[...equals] + "***"
        }
        return "\(scheme)://\(authority)\(path)?\(items.joined(separator: "&"))"
    }

    /// The values of the query that grant access.
    package var secrets: [Secret] {
        (query ?? "").split(separator: "&").compactMap { item in
            guard let equals = item.firstIndex(of: "="), Self.isSecret(item[..<equals]) else { return nil }
            return Secret(String(item[item.index(after: equals)...]))
        }
    }

    /// The names with which signed addresses carry their signature (S3, Google, Azure, CloudFront) and APIs their keys.
    private static func isSecret(_ name: Substring) -> Bool {
        let name = name.lowercased()
        let isKnown = ["sig", "key", "code", "auth", "jwt", "sas", "upload_id", "policy"].contains(name)
        return isKnown
            || ["signature", "token", "secret", "password", "credential", "api_key", "apikey", "api-key", "access_key"]
                .contains { name.contains($0) }
    }
}
