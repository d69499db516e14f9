// SPDX-License-Identifier: Apache-2.0
import OrderedCollections
import SnugHTTP
import SnugSystem

/// Takes the secrets of addresses out of what the ledger keeps: a signed address grants access to everybody who sees it.
enum MaskedJSON {
    /// False for text that certainly has no address.
    static func mayHaveAddress(_ text: String) -> Bool {
        // JSON may have escaped slashes.
        text.contains("://") || text.contains(":\\/\\/")
    }

    /// The value with every address in it masked. Text without an address stays as it is.
    static func masking(_ value: JSONValue) -> JSONValue {
        switch value {
        case .text(let text): .text(masking(text))
        case .array(let values): .array(values.map(masking))
        case .object(let members): .object(members.mapValues(masking))
        case .null, .flag, .integer, .number: value
        }
    }

    private static func masking(_ text: String) -> String {
        guard text.contains("://") else { return text }
        let scrubber = Scrubber()
        guard let url = try? HTTPURL(text) else { return scrubber.clean(text, limit: .max) }
        // One component at a time: a long path is no key, a long name without a dot may be one.
        let components = url.redacted.split(separator: "/", omittingEmptySubsequences: false)
        return components.map { scrubber.clean(String($0), limit: .max) }.joined(separator: "/")
    }
}
