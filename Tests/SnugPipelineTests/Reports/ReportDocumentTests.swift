// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

/// Reports as files, of names that somebody chose in order to break them.
@Suite struct ReportDocumentTests {
    /// Reads RFC 4180: records end with CRLF, quotes double within quoted fields. `nil` for text that is none.
    private static func parse(_ csv: String) -> [[String]]? {
        var records: [[String]] = []
        var record: [String] = []
        var field = String.UnicodeScalarView()
        var isQuoted = false
        var scalars = Array(csv.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\"" where isQuoted && scalars.first == "\"": field.append(scalars.removeFirst())
            case "\"" where isQuoted:
                isQuoted = false
                guard let next = scalars.first, next == "," || next == "\r" else { return nil }
            case _ where isQuoted: field.append(scalar)
            case "\"":
                guard field.isEmpty else { return nil }
                isQuoted = true
            case ",":
                record.append(String(field))
                field = .init()
            case "\r":
                guard scalars.popFirst() == "\n" else { return nil }
                records.append(record + [String(field)])
                (record, field) = ([], .init())
            case "\n": return nil
            default: field.append(scalar)
            }
        }
        return isQuoted || !record.isEmpty || !field.isEmpty ? nil : records
    }

    private static func record(_ input: String, message: String? = nil) -> FitRecord {
        var record = FitRecord(input: FilePath(input), status: message == nil ? .skipped : .failed, limitBytes: 1000)
        record.error = message.map { ImageError(.corruptInput, $0) }
        return record
    }

    @Test("The table has a line of names, and a line for each file")
    func table() throws {
        let rows = try #require(Self.parse(ReportDocument([.example, Self.record("b.jpg")]).csv))
        #expect(
            rows.first == [
                "input", "output", "status", "input_bytes", "output_bytes", "limit_bytes", "width", "height",
                "output_width", "output_height", "format", "quality", "scale", "encodes", "seconds", "skip_reason",
                "error_code", "error_message", "warnings",
            ])
        #expect(
            rows.last == [
                "in/a.png", "out/a.jpg", "fitted", "12345678", "9876543", "10000000", "6000", "4000", "5400", "3600",
                "jpeg", "84.5", "0.9", "1", "1.25", "", "", "", "",
            ])
        #expect(rows.count == 3 && ReportDocument([]).csv.hasSuffix("error_code,error_message,warnings\r\n"))
    }

    @Test(
        "Names with anything in them come back from the table as they were",
        arguments: [
            "a,b.jpg", "a\"b.jpg", "\"", "a\nb.jpg", "a\rb.jpg", "a\r\nb.jpg", "\"a\",\"b\"", "a\"\u{301},b",
            ",\u{301}",
            " a ", "ü", "", "a;b", "a\tb", "=", "-",
        ])
    func hostileNames(name: String) throws {
        let rows = try #require(Self.parse(ReportDocument([Self.record(name, message: name)]).csv))
        let row = try #require(rows.last)
        #expect(rows.count == 2 && row.count == 19)
        #expect(Array(row[0].unicodeScalars) == Array(name.unicodeScalars))
        #expect(Array(row[17].unicodeScalars) == Array(name.unicodeScalars))
    }

    @Test(
        "A name that a spreadsheet would calculate is marked as text",
        arguments: [
            "=1+1.jpg", "=HYPERLINK(\"http:x\",\"y\").jpg", "+1.jpg", "-1.jpg", "@SUM(A1).jpg", "\tx.jpg", "\rx.jpg",
            "=\u{301}1",
        ])
    func formulas(name: String) throws {
        let row = try #require(Self.parse(ReportDocument([Self.record(name)]).csv)?.last)
        #expect(Array(row[0].unicodeScalars) == ["'"] + Array(name.unicodeScalars))
        // Only at the beginning does it count.
        let inside = try #require(Self.parse(ReportDocument([Self.record("in/" + name)]).csv)?.last)
        #expect(Array(inside[0].unicodeScalars) == Array(("in/" + name).unicodeScalars))
    }

    @Test("Random names of awkward characters come back as they were", arguments: 0..<20)
    func randomNames(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let letters = Array("\"\",,\r\n\n\ra \u{301}ü;'=+-@\t".unicodeScalars)
        let names = (0..<20).map { number in
            var name = String.UnicodeScalarView("\(number + 10)".unicodeScalars)
            for _ in 0..<Int.random(in: 0..<12, using: &random) {
                name.append(letters.randomElement(using: &random) ?? "x")
            }
            return String(name)
        }
        let rows = try #require(Self.parse(ReportDocument(names.map { Self.record($0) }).csv))
        #expect(rows.dropFirst().map { Array($0[0].utf8) } == names.map { Array($0.utf8) })
    }

    @Test("Records are in the order of their inputs' bytes, however they came")
    func order() throws {
        let names = ["b", "a/z", "a", "Z", "ä", "a/b", "10", "9"]
        let rows = try #require(Self.parse(ReportDocument(names.map { Self.record($0) }).csv))
        let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(rows.dropFirst().map { $0[0] } == sorted)
    }

    @Test("The JSON report is an array of the objects that lines have")
    func json() throws {
        let records = [Self.record("b\n\"x", message: "no"), FitRecord.example]
        let value = try #require(JSONValue(parsing: Array(ReportDocument(records).json.utf8)))
        #expect(value.elements.count == 2 && value.elements[0]["input"] == "b\n\"x")
        #expect(JSONValue(parsing: Array(ReportDocument([]).json.utf8)) == [])
    }
}

/// The report as a page.
@Suite struct ReportPageTests {
    private let folder: TemporaryFolder
    private let fitter = ImageFitter(configuration: ImageFitter.Configuration(threads: 1))

    init() throws { folder = try TemporaryFolder() }

    private func record(_ input: FilePath, _ output: FilePath? = nil, _ status: FitRecord.Status = .fitted) -> FitRecord
    {
        var record = FitRecord(input: input, status: status, limitBytes: 1000)
        record.output = output
        return record
    }

    @Test(
        "No name, message or warning becomes markup",
        arguments: [
            "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "&lt;b&gt;", "</td></table>",
            "<\u{301}b>", "a'b", "\u{1B}[2J<i>",
        ])
    func escapes(text: String) async throws {
        var hostile = record(FilePath(text), nil, .failed)
        hostile.error = ImageError(.corruptInput, text)
        hostile.warnings = [text]
        let page = try await ReportDocument([hostile]).html(fitter: fitter)
        let plain = try await ReportDocument([record("x", nil, .failed)]).html(fitter: fitter)
        // Every angle bracket belongs to the page itself: the row has a <br> for the message and one for the warning.
        func brackets(_ text: String) -> Int { text.unicodeScalars.count { $0 == "<" } }
        #expect(brackets(page) == brackets(plain) + 2)
        #expect(!page.contains("<script") && !page.contains("<i>") && !page.contains("\u{1B}"))
        if text == "&lt;b&gt;" { #expect(page.contains("&amp;lt;b&amp;gt;")) }
    }

    @Test("An image has thumbnails before and after, of data within the page; nothing comes from elsewhere")
    func thumbnails() async throws {
        let input = try folder.write(JPEGBuilder(width: 600, height: 400).bytes, to: "in.jpg")
        let output = try folder.write(PNGBuilder(width: 300, height: 200).bytes, to: "out.png")
        let page = try await ReportDocument([record(input, output)]).html(fitter: fitter)
        #expect(page.ranges(of: "<img ").count == 2 && page.ranges(of: "src=\"data:image/").count == 2)
        #expect(page.ranges(of: "src=").count == 2 && !page.contains("href") && !page.contains("http"))
        #expect(page.hasPrefix("<!doctype html>") && page.contains("charset=\"utf-8\""))
        // Two thumbnails of 16 kB at most, as base64, and the page around them.
        #expect(page.utf8.count < 47_000)
    }

    @Test("A file that was replaced in place has one thumbnail, one that is gone or no image has none")
    func missing() async throws {
        let image = try folder.write(JPEGBuilder().bytes, to: "a.jpg")
        let text = try folder.write(Array("text".utf8), to: "b.jpg")
        let gone = folder.path.appending("gone.jpg")
        func images(_ record: FitRecord) async throws -> Int {
            try await ReportDocument([record]).html(fitter: fitter).ranges(of: "<img ").count
        }
        #expect(try await images(record(image, image)) == 1)
        #expect(try await images(record(image)) == 1)
        #expect(try await images(record(text, gone)) == 0)
        #expect(try await images(record(gone, image)) == 1)
    }

    @Test("The page counts each kind of end, and gives sizes and reasons")
    func counts() async throws {
        var skipped = record("c", nil, .skipped)
        skipped.skipReason = .notAnImage
        let page = try await ReportDocument([.example, record("b"), skipped]).html(fitter: fitter)
        #expect(page.contains("<p>2 fitted, 1 skipped</p>"))
        #expect(page.contains("12.3 MB<br>9.87 MB") && page.contains("6000×4000<br>5400×3600"))
        #expect(page.contains("<br>not_an_image") && page.contains("<tr class=\"skipped\">"))
    }

    @Test("A cancelled task ends the page")
    func cancels() async throws {
        let image = try folder.write(JPEGBuilder().bytes, to: "a.jpg")
        let document = ReportDocument(Array(repeating: record(image), count: 50))
        let fitter = fitter
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await document.html(fitter: fitter)
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }
}
