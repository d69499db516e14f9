// SPDX-License-Identifier: Apache-2.0

/// The entity tags of `If-Match` and `If-None-Match` (RFC 9110 §8.8.3, §13.1).
struct EntityTags: Sendable, Hashable {
    /// True for `*`, which stands for whatever is there.
    private var isAny = false
    /// The tags in their quotes.
    private var strong: Set<String> = []
    private var weak: Set<String> = []

    /// Reads a list. One that cannot be read names nothing.
    init(_ text: String) {
        guard text.trimmingSpaces != "*" else {
            isAny = true
            return
        }
        var rest = text[...]
        while true {
            rest = rest.drop { $0 == "," || $0 == " " || $0 == "\t" }
            guard !rest.isEmpty else { return }
            let isWeak = rest.hasPrefix("W/")
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else { break }
            let tag = String(rest[...end])
            rest = rest[rest.index(after: end)...]
            guard rest.first.map({ ", \t".contains($0) }) ?? true else { break }
            if isWeak { weak.insert(tag) } else { strong.insert(tag) }
        }
        (strong, weak) = ([], [])
    }

    /// True where a strong tag is among them: a weak one names no exact content (RFC 9110 §8.8.3.2).
    func nameStrongly(_ tag: String) -> Bool { isAny || strong.contains(tag) }

    /// True where a tag is among them, weak or strong.
    func name(_ tag: String) -> Bool { isAny || strong.contains(tag) || weak.contains(tag) }
}
