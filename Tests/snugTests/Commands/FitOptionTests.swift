// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import SystemPackage
import Testing

/// Options of `snug fit`, through the built command.
@Suite struct FitOptionTests {
    private let place: CommandFolder

    init() throws {
        place = try CommandFolder()
        // 180 kB, stored without compression.
        try place.folder.write(PNGBuilder(width: 300, height: 200).bytes, to: "in/a.png")
    }

    /// The one object that a fit of the image prints.
    private func fit(_ options: String...) throws -> [String: Any] {
        let result = try place.runner.run(["fit", "in", "-o", "out", "--json"] + options)
        #expect(result.exitCode == 0, "\(result.standardError)")
        return try #require(try CommandFolder.objects(result).first)
    }

    @Test(
        "Sides and shares of them",
        arguments: [
            (["--max-width", "90px"], 90, 60), (["--max-height", "50"], 75, 50), (["--short-side", "100"], 150, 100),
            (["--scale", "50%"], 150, 100), (["--scale", "0.1"], 30, 20), (["--max-pixels", "0.015MP"], 150, 100),
            (["--max-side", "90", "--max-height", "30"], 45, 30),
            (["--size", "50x60", "--crop"], 50, 60), (["--size", "400x400", "--pad"], 400, 400),
        ])
    func sides(options: [String], width: Int, height: Int) throws {
        let result = try place.runner.run(["fit", "in", "-o", "out", "--json"] + options)
        let record = try #require(try CommandFolder.objects(result).first)
        #expect(record["output_width"] as? Int == width && record["output_height"] as? Int == height, "\(record)")
        #expect(record["status"] as? String == "fitted")
    }

    @Test("An exact size out of reach is told with advice about options that were given", arguments: [false, true])
    func exactSizeOutOfReach(keepsSize: Bool) throws {
        let options = ["--size", "300x200", "--pad", "--format", "png", "--limit", "60"]
        let result = try place.runner.run(
            ["fit", "in", "-o", "out"] + options + (keepsSize ? ["--keep-size"] : []))
        #expect(result.exitCode == 1 && result.standardError.contains("raise --limit"), "\(result.standardError)")
        #expect(result.standardError.contains("--keep-size") == keepsSize, "\(result.standardError)")
    }

    @Test("A minimum of bytes is met exactly, and the image stays")
    func minimum() throws {
        for (name, bytes) in [("p.png", PNGBuilder(width: 8, height: 8).bytes), ("j.jpg", CommandFolder.jpeg())] {
            try place.folder.write(bytes, to: name)
            let result = try place.snug("fit", name, "-o", "padded", "--min-bytes", "70000", "--limit", "80k", "--json")
            let record = try #require(try CommandFolder.objects(result).first)
            #expect(record["output_bytes"] as? Int == 70_000 && record["status"] as? String == "stripped", "\(record)")
            let output = try #require(record["output"] as? String)
            #expect(try place.folder.bytes(of: output)?.count == 70_000)
            #expect(try place.snug("fit", output, "-o", "again").exitCode == 0)
        }
    }

    @Test("A palette is made, or none, as asked for")
    func palette() throws {
        for (options, isPalette) in [
            (["--palette", "always", "--dither", "never"], true), (["--palette", "never"], false),
        ] {
            let record = try #require(
                try CommandFolder.objects(
                    place.runner.run(["fit", "in", "-o", "out-\(isPalette)", "--json", "--limit", "60k"] + options)
                ).first)
            let output = try #require(record["output"] as? String)
            let bytes = try #require(try place.folder.bytes(of: output))
            // The colour type of IHDR (PNG 1.2 §11.2.2): 3 is a palette.
            #expect((record["format"] as? String == "png" && bytes[25] == 3) == isPalette, "\(record)")
        }
        let refused = try place.snug("fit", "in", "-o", "out", "--palette", "always", "--format", "webp")
        #expect(refused.exitCode == 64 && refused.standardError.contains("--palette always makes PNGs"))
    }

    @Test("A limit is a share of the input")
    func share() throws {
        let record = try fit("--limit", "50%")
        let (input, output) = (record["input_bytes"] as? Int ?? 0, record["output_bytes"] as? Int ?? 0)
        #expect(output > 0 && output <= input / 2 && record["limit_bytes"] as? Int == input / 2)
    }

    @Test("Names are given a suffix, or follow a pattern")
    func names() throws {
        #expect(try fit("--suffix", "-small")["output"] as? String == "out/a-small.png")
        let record = try fit("--name", "{stem}_{width}x{height}.{ext}", "--max-width", "30")
        #expect(record["output"] as? String == "out/a_30x20.png")
        #expect(
            try fit("--name", "{stem}_{width}x{height}.{ext}", "--max-width", "30")["skip_reason"] as? String == "done")
    }

    @Test("Inputs are listed in a file or a pipe", arguments: [false, true])
    func filesFrom(hasNULs: Bool) throws {
        try place.folder.write(CommandFolder.jpeg(), to: "b c.jpg")
        let list = Array((hasNULs ? "in/a.png\0b c.jpg\0" : "\u{FEFF}in/a.png\r\nb c.jpg\n").utf8)
        let result = try place.runner.run(
            ["fit", "-o", "out", "--files-from", "-", "--json"] + (hasNULs ? ["-0"] : []), input: list)
        #expect(try CommandFolder.objects(result).count == 2 && result.exitCode == 0, "\(result.standardError)")
        try place.folder.write(list, to: "list")
        let again = try place.runner.run(
            ["fit", "-o", "out", "--files-from", "list", "--json"] + (hasNULs ? ["--null"] : []))
        #expect(try CommandFolder.objects(again).allSatisfy { $0["skip_reason"] as? String == "done" })
    }

    @Test("Reports are tables, JSON, and pages with thumbnails")
    func reports() throws {
        try place.folder.write(Array("GIF89a but no more".utf8), to: "in/b, \"c\".gif")
        let csv = try place.snug("fit", "in", "-o", "out", "--report", "r.csv")
        #expect(csv.exitCode == 1)
        let lines = try text("r.csv").split(separator: "\r\n")
        #expect(
            lines.count == 3 && lines[0].hasPrefix("input,output,status,")
                && lines[2].contains("\"in/b, \"\"c\"\".gif\""))
        _ = try place.snug("fit", "in", "-o", "out2", "--report", "r.json")
        let objects = try JSONSerialization.jsonObject(with: Data(try text("r.json").utf8)) as? [[String: Any]]
        #expect(objects?.count == 2)
        _ = try place.snug("fit", "in", "-o", "out3", "--report", "r.html")
        let page = try text("r.html")
        #expect(page.components(separatedBy: "data:image/").count == 3)
        #expect(page.contains("&quot;c&quot;") && !page.contains("http"))
    }

    private func text(_ name: String) throws -> String {
        String(decoding: try #require(try place.folder.bytes(of: name)), as: UTF8.self)
    }

    @Test("Lossless changes make files smaller, and refuse what changes pixels")
    func lossless() throws {
        let record = try fit("--lossless")
        #expect(record["limit_bytes"] is NSNull)
        #expect((record["output_bytes"] as? Int ?? .max) < 10_000 && record["scale"] as? Double == 1)
        let kept = try place.snug("fit", "in", "-o", "kept", "--lossless", "--min-saving", "100%", "--json")
        #expect(kept.standardOutput.contains(#""status":"copied""#))
        let refused = try place.snug("fit", "in", "-o", "no", "--lossless", "--max-side", "20")
        #expect(refused.exitCode == 1 && refused.standardError.contains("lossless"))
    }

    @Test(
        "Arguments that cannot be are refused by name",
        arguments: [
            (["--limit", "-5MB"], "negative"), (["--max-side", "0px"], "number of pixels"),
            (["--max-pixels", "1XP"], "12MP"), (["--limit", "150%"], "percentage"),
            (["--for", "bluesky", "--for", "openai-edit"], "2 times"), (["--min-bytes", "20MB"], "above the limit"),
            (["--size", "40x40"], "--crop or --pad"), (["--crop"], "--size"), (["--size", "40", "--pad"], "200x230"),
            (["--metadata", "gsp"], "no-gps"), (["--name", "x.jpg"], "{stem}"), (["--suffix", "a/b"], "'/'"),
            (["--report", "r.txt"], ".html"), (["--scale", "2"], "50%"), (["--overwrite=perhaps"], "older"),
            (["-0"], "--files-from"), (["--min-saving", "5%"], "--lossless"),
            (["--copy-compliant", "--metadata", "strip"], "--copy-compliant"),
            (["--copy-compliant", "--metadata", "no-gps"], "or --metadata"),
        ])
    func refused(options: [String], hint: String) throws {
        let result = try place.runner.run(["fit", "in", "-o", "out"] + options)
        #expect(result.exitCode == 64)
        #expect(result.standardError.contains(hint), "\(result.standardError)")
        #expect(!place.folder.files().contains { $0.hasPrefix("out/") })
    }

    @Test(
        "A mistyped command is suggested",
        arguments: [("ft", "snug fit"), ("inspekt", "snug inspect"), ("uplaod", "snug upload")])
    func typo(name: String, meant: String) throws {
        let result = try place.snug(name, "a.jpg")
        #expect(result.exitCode == 64 && result.standardError.contains("'\(meant)'"), "\(result.standardError)")
    }

    @Test("Existing is not done: other inputs, other content and other options are made")
    func existing() throws {
        try place.folder.write(CommandFolder.jpeg(16, 16), to: "d1/IMG.jpg")
        try place.folder.write(CommandFolder.jpeg(24, 16), to: "d2/IMG.jpg")
        for name in ["d1", "d2", "d1", "d2"] {
            #expect(try place.snug("fit", "\(name)/IMG.jpg", "-o", "o").exitCode == 0)
        }
        #expect(try place.folder.bytes(of: "o/IMG.jpg") == CommandFolder.jpeg(16, 16))
        #expect(try place.folder.bytes(of: "o/IMG-2.jpg") == CommandFolder.jpeg(24, 16))
        try place.folder.write(CommandFolder.jpeg(32, 32), to: "d1/IMG.jpg")
        #expect(try place.snug("fit", "d1/IMG.jpg", "-o", "o").exitCode == 0)
        #expect(try place.folder.bytes(of: "o/IMG.jpg") == CommandFolder.jpeg(32, 32))
        let smaller = try place.snug("fit", "d1/IMG.jpg", "-o", "o", "--max-side", "8", "--json")
        #expect(smaller.standardOutput.contains(#""output":"o/IMG.jpg","status":"fitted""#))
        #expect(place.folder.files().filter { $0.hasPrefix("o/") } == ["o/IMG-2.jpg", "o/IMG.jpg"])
    }

    @Test("A run says why inputs were skipped, and that there were none")
    func skipped() throws {
        _ = try fit()
        #expect(try place.snug("fit", "in", "-o", "out").standardError.contains("1 done already"))
        try FileManager.default.createDirectory(
            atPath: place.folder.path.appending("empty").string, withIntermediateDirectories: false)
        #expect(try place.snug("fit", "empty", "-o", "out").standardError.contains("no images"))
    }

    @Test("Tables and lines fit a terminal of 40 columns")
    func narrow() throws {
        var place = place
        place.runner.errorStream = .terminal(columns: 40)
        place.runner.environment["NO_COLOR"] = "1"
        for index in 0..<3 { try place.folder.write(CommandFolder.jpeg(), to: "in/\(index).jpg") }
        let result = try place.snug("fit", "in", "-o", "out", "--max-side", "14")
        // The table may begin where a progress line was cleared.
        let lines = result.standardError.split(whereSeparator: { "\r\n".contains($0) }).compactMap {
            $0.split(separator: "\u{1B}[K").last
        }
        #expect(lines.contains { $0.hasPrefix("done") } && lines.allSatisfy { $0.count <= 40 }, "\(lines)")
    }
}
