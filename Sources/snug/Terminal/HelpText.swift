// SPDX-License-Identifier: Apache-2.0

/// The help of a command for terminals that are too narrow for its two columns.
enum HelpText {
    /// Columns from which on the layout of the argument parser has room.
    private static let wide = 60
    /// Where that layout begins its descriptions.
    private static let descriptionColumn = 26
    private static let indent = 6

    /// The help in lines of so many columns: each description below its option.
    static func fitted(_ help: String, to columns: Int) -> String {
        guard columns < wide, columns > 2 * indent else { return help }
        var lines: [String] = []
        var description: [Substring] = []
        func finishDescription() {
            let text = description.joined(separator: " ")
            if !text.isEmpty { lines += hanging(text, by: indent, first: indent, columns) }
            description = []
        }
        for line in help.split(separator: "\n", omittingEmptySubsequences: false) {
            let leading = line.prefix { $0 == " " }.count
            if leading == descriptionColumn {
                description.append(line.dropFirst(leading))
                continue
            }
            finishDescription()
            let (label, text) = parts(of: line, leading)
            // Prose has the terminal's whole width, and no line of it looks like an option.
            let isProse = leading == 0 && !line.hasPrefix("USAGE:")
            lines += hanging(label.dropFirst(leading), by: isProse ? 0 : leading + 2, first: leading, columns)
            if !text.isEmpty { description.append(text) }
        }
        finishDescription()
        return lines.joined(separator: "\n")
    }

    /// A line's option, and the description that begins beside it.
    private static func parts(of line: Substring, _ leading: Int) -> (Substring, Substring) {
        guard leading == 2, line.count > descriptionColumn else { return (line, "") }
        let text = line.dropFirst(descriptionColumn)
        let label = line.prefix(descriptionColumn)
        guard label.hasSuffix("  "), text.first != " " else { return (line, "") }
        return (label.withoutTrailingSpaces, text)
    }

    private static func hanging(
        _ text: some StringProtocol, by indent: Int, first: Int, _ columns: Int
    ) -> [String] {
        let lines = TerminalText.wrapped(String(text), to: columns - max(indent, first))
        return lines.enumerated().map { index, line in
            line.isEmpty ? "" : String(repeating: " ", count: index == 0 ? first : indent) + line
        }
    }
}

extension Substring {
    /// The text without the spaces at its end.
    fileprivate var withoutTrailingSpaces: Substring {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
