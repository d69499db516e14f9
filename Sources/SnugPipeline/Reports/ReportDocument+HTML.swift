// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
public import SnugImage
import SnugSystem
import SystemPackage

extension ReportDocument {
    /// The longer side of a thumbnail, in pixels.
    private static let thumbnailSide = 160
    private static let thumbnailBytes = 16_000

    /// A page of its own, without anything from elsewhere: a row for each file, with thumbnails before and after.
    ///
    /// Thumbnails are made by the fitter, one image after the other. An image that was replaced in place has one.
    /// - Throws: `CancellationError`.
    public func html(fitter: ImageFitter) async throws -> String {
        var rows = ""
        for record in records { rows += try await row(of: record, fitter) }
        let counts = FitRecord.Status.allCases.compactMap { status -> String? in
            let count = records.count { $0.status == status }
            return count > 0 ? "\(count) \(status.rawValue)" : nil
        }
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>snug fit</title><style>
            body{font:14px/1.4 system-ui,sans-serif;margin:2em}table{border-collapse:collapse}
            td,th{padding:.4em .8em;border-bottom:1px solid #ccc;text-align:left;vertical-align:top}
            td.n{text-align:right;white-space:nowrap}img{max-width:160px;max-height:160px}.failed{color:#b00020}
            </style></head><body><h1>snug fit</h1><p>\(counts.joined(separator: ", "))</p>
            <table><tr><th>before</th><th>after</th><th>file</th><th>status</th><th>bytes</th><th>size</th></tr>
            \(rows)</table></body></html>

            """
    }

    private func row(of record: FitRecord, _ fitter: ImageFitter) async throws -> String {
        let isReplaced = record.output == record.input
        let before = isReplaced ? "" : try await thumbnail(of: record.input, fitter)
        var after = ""
        if let output = record.output { after = try await thumbnail(of: output, fitter) }
        let bytes = [record.inputBytes, record.outputBytes].compactMap { $0 }.map { ByteCount($0).description }
        let sizes = [record.size, record.outputSize].compactMap { $0 }.map(\.description)
        let words = [record.error?.message ?? record.skipReason?.rawValue ?? ""] + record.warnings
        let notes = words.filter { !$0.isEmpty }.map { "<br>" + Self.escaped(PrintableName.escaped($0)) }.joined()
        return """
            <tr class="\(record.status.rawValue)"><td>\(before)</td><td>\(after)</td>\
            <td>\(Self.escaped(PrintableName.of(record.input)))\(notes)</td><td>\(record.status.rawValue)</td>\
            <td class="n">\(bytes.joined(separator: "<br>"))</td><td class="n">\(sizes.joined(separator: "<br>"))</td></tr>

            """
    }

    /// A small image in the page itself; nothing for a file that cannot be shown.
    private func thumbnail(of path: FilePath, _ fitter: ImageFitter) async throws -> String {
        let limits = Limits(byteLimit: Self.thumbnailBytes, maximumSide: Self.thumbnailSide, formats: [.jpeg, .png])
        do {
            let source = try await BlockingThreads(count: 1).run { try ImageSource(file: path) }
            let image = try await fitter.fit(source, limits: limits)
            let bytes: [UInt8] =
                switch image.content {
                case .bytes(let bytes): bytes
                case .source: try source.bytes(at: 0, count: source.byteCount)
                }
            return "<img alt=\"\" src=\"data:\(image.format.mediaType);base64,\(Data(bytes).base64EncodedString())\">"
        } catch is ImageError {
            return ""
        }
    }

    private static func escaped(_ text: String) -> String {
        // By scalars: a bracket under an accent is one character with it.
        text.unicodeScalars.reduce(into: "") { escaped, scalar in
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
    }
}
