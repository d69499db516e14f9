// SPDX-License-Identifier: Apache-2.0
import SnugPipeline

/// Columns of text with two spaces between them.
struct TextTable {
    /// Which side of its column a cell keeps to.
    enum Alignment { case left, right }

    /// Columns that a wrapped cell has at least.
    private static let narrowest = 12

    private let alignments: [Alignment]
    private var rows: [(cells: [String], colour: Paint.Colour?)] = []

    /// A table with so many columns.
    init(alignments: [Alignment]) { self.alignments = alignments }

    /// Adds a row; missing cells are empty.
    mutating func append(_ cells: [String], paint colour: Paint.Colour? = nil) { rows.append((cells, colour)) }

    /// The table, each row ended by a line end.
    /// - Parameters:
    ///   - columns: Of the terminal; `nil` for as many as it takes.
    ///   - optional: Indices of columns that a narrow terminal does without, the first to go first.
    func text(paint: Paint = Paint(isOn: false), columns: Int? = nil, optional: [Int] = []) -> String {
        var shown = Array(alignments.indices)
        var widths = widths(of: shown)
        for index in optional where Self.total(widths) > columns ?? .max {
            shown.removeAll { $0 == index }
            widths = self.widths(of: shown)
        }
        // What is still too wide is wrapped in its last column.
        var lastWidth = Int.max
        if let columns, let last = widths.last, Self.total(widths) > columns {
            lastWidth = max(columns - (Self.total(widths) - last), Self.narrowest)
            // One cell a line, where not even that is enough.
            if Self.total(widths) - last + Self.narrowest > columns {
                return rows.map { stacked($0, shown, columns, paint) }.joined()
            }
        }
        return rows.map { line(of: $0, shown, widths, lastWidth: lastWidth, paint) }.joined()
    }

    /// A row with its first cell on a line of its own, and the others indented below it.
    private func stacked(
        _ row: (cells: [String], colour: Paint.Colour?), _ shown: [Int], _ columns: Int, _ paint: Paint
    ) -> String {
        var lines: [String] = []
        for column in shown where column < row.cells.count && !row.cells[column].isEmpty {
            let indent = lines.isEmpty ? "" : "  "
            for line in TerminalText.wrapped(row.cells[column], to: max(columns - indent.count, 1)) {
                let painted = column == 0 ? row.colour.map { paint.apply($0, to: line) } ?? line : line
                lines.append(indent + painted)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func widths(of shown: [Int]) -> [Int] {
        shown.map { column in
            rows.map { column < $0.cells.count ? TerminalText.width(of: $0.cells[column]) : 0 }.max() ?? 0
        }
    }

    private static func total(_ widths: [Int]) -> Int { widths.reduce(0, +) + 2 * max(widths.count - 1, 0) }

    private func line(
        of row: (cells: [String], colour: Paint.Colour?), _ shown: [Int], _ widths: [Int], lastWidth: Int,
        _ paint: Paint
    ) -> String {
        var line = ""
        var indent = 0
        for (position, column) in shown.enumerated() {
            let cell = column < row.cells.count ? row.cells[column] : ""
            if position > 0 { line += "  " }
            if position == shown.count - 1, alignments[column] == .left, TerminalText.width(of: cell) > lastWidth {
                let lines = TerminalText.wrapped(cell, to: lastWidth)
                line += lines.joined(separator: "\n" + String(repeating: " ", count: indent))
                break
            }
            let padding = String(repeating: " ", count: max(widths[position] - TerminalText.width(of: cell), 0))
            // Coloured after it is measured: the sequences take no columns.
            let painted = column == 0 ? row.colour.map { paint.apply($0, to: cell) } ?? cell : cell
            line += alignments[column] == .left ? painted + padding : padding + painted
            indent += widths[position] + 2
        }
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }
}

/// The columns that text takes on a terminal.
enum TerminalText {
    /// Columns: two for wide characters of East Asia and for emoji, none for marks that join the letter before.
    static func width(of text: String) -> Int { text.reduce(0) { $0 + width(of: $1) } }

    /// The text in lines of so many columns, broken between words where that is possible.
    static func wrapped(_ text: String, to columns: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if !line.isEmpty, width(of: line) + 1 + width(of: String(word)) > columns {
                lines.append(line)
                line = String(word)
            } else {
                line += (line.isEmpty ? "" : " ") + word
            }
            // A word that is longer than a line.
            while width(of: line) > columns, columns > 0 {
                var head = ""
                while let next = line.first, width(of: head) + width(of: String(next)) <= columns || head.isEmpty {
                    head.append(line.removeFirst())
                }
                lines.append(head)
            }
        }
        return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
    }

    /// As much of the text as so many columns hold, with `…` where something was cut.
    static func cut(_ text: String, to columns: Int) -> String {
        guard width(of: text) > columns else { return text }
        guard columns > 0 else { return "" }
        var kept = ""
        var used = 1
        for character in text {
            let width = width(of: character)
            if used + width > columns { break }
            kept.append(character)
            used += width
        }
        return kept + "…"
    }

    private static func width(of character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        if scalar.properties.isEmojiPresentation { return 2 }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            return 2
        default:
            return scalar.properties.canonicalCombiningClass == .notReordered ? 1 : 0
        }
    }
}

/// Colour for a terminal that wants it.
struct Paint: Sendable {
    /// The few that are used, by their ANSI number.
    enum Colour: Int, Sendable { case red = 31, green = 32, yellow = 33, dim = 90 }

    var isOn: Bool

    /// The text in a colour, where colours are on.
    func apply(_ colour: Colour, to text: String) -> String {
        isOn ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// The colour of a status in tables.
    func colour(of status: FitRecord.Status) -> Colour? {
        switch status {
        case .fitted, .copied, .stripped: .green
        case .skipped: .dim
        case .failed: .red
        }
    }
}
