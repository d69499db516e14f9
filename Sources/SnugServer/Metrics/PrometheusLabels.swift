// SPDX-License-Identifier: Apache-2.0

/// The labels of a series, sorted by name.
struct PrometheusLabels: Hashable, Sendable, Comparable {
    /// The labels as in `a="1",b="2"`; empty for none.
    let text: String

    init(_ dimensions: [(String, String)]) {
        text = dimensions.map { (Self.validLabel($0.0), Self.escaped($0.1)) }.sorted { $0 < $1 }
            .map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
    }

    /// The labels in braces, with one more.
    func braced(adding more: String? = nil) -> String {
        let all = [text, more ?? ""].filter { !$0.isEmpty }.joined(separator: ",")
        return all.isEmpty ? "" : "{\(all)}"
    }

    static func < (left: PrometheusLabels, right: PrometheusLabels) -> Bool { left.text < right.text }

    /// A metric's name of the letters that Prometheus takes: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    static func validName(_ name: String) -> String { valid(name) { $0 == ":" } }

    private static func validLabel(_ name: String) -> String { valid(name) { _ in false } }

    private static func valid(_ name: String, also: (Character) -> Bool) -> String {
        let text = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) || also($0) ? $0 : "_" })
        return text.first.map { $0.isNumber } ?? true ? "_" + text : text
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
