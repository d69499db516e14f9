// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugTestSupport
import SystemPackage
import Testing

/// `snug inspect`, `snug profiles` and `snug doctor` as built programs.
@Suite struct ListingTests {
    private let folder: TemporaryFolder
    private let snug: CommandRunner

    init() throws {
        folder = try TemporaryFolder()
        snug = try CommandRunner(folder: folder.path)
    }

    @Test("The JSON of an inspection: these keys, in this order")
    func inspectJSON() throws {
        var builder = JPEGBuilder(width: 40, height: 30)
        builder.segments = [JPEGBuilder.jfif, JPEGBuilder.exif(TIFFBuilder([.orientation(6)]).bytes)]
        let bytes = builder.bytes
        try folder.write(bytes, to: "a.jpg")
        let result = try snug.run(["inspect", "a.jpg", "--for", "bluesky", "--json"])
        #expect(result.exitCode == 0, "\(result.standardError)")
        let exif = builder.segments[1].count
        let other = builder.segments[0].count
        #expect(
            result.standardOutput.hasPrefix(
                #"{"input":"a.jpg","format":"jpeg","bytes":\#(bytes.count),"width":40,"height":30,"upright_width":30,"#
                    + #""upright_height":40,"orientation":6,"bits_per_sample":8,"colour_model":"ycbcr","alpha":false,"#
                    + #""chroma_subsampling":"4:4:4","jpeg_process":"baseline","interlaced":false,"animated":false,"#
                    + #""frames":1,"estimated_quality":"#),
            "\(result.standardOutput)")
        #expect(result.standardOutput.contains(#""metadata_bytes":{"exif":\#(exif),"xmp":0,"icc":0,"iptc":0,"#))
        #expect(result.standardOutput.contains(#""target":"bluesky","limit_bytes":1000000,"complies":"#))
        #expect(result.standardOutput.hasSuffix("\"error\":null}\n"))
        #expect(other > 0)
    }

    @Test("People see format, size and whether it complies")
    func inspectText() throws {
        try folder.write(PNGBuilder(width: 300, height: 200).bytes, to: "a.png")
        let text = try snug.run(["inspect", "a.png", "--limit", "20k", "--max-side", "100"]).standardOutput
        #expect(text.hasPrefix("a.png\n  format        PNG\n"))
        #expect(text.contains("\n  size          300×200, 0.1 megapixels\n"))
        #expect(text.contains("is more than 20.0 kB\n"))
        try folder.write(PNGBuilder(width: 20, height: 10).bytes, to: "b.png")
        #expect(try snug.run(["inspect", "b.png"]).standardOutput.contains("20×10, 200 pixels\n"))
        #expect(text.contains("300 pixels a side are more than 100\n"))
    }

    @Test("Files that cannot be read exit with 1, and the others are shown")
    func inspectFailures() throws {
        try folder.write(PNGBuilder().bytes, to: "a.png")
        try folder.write(Array("text".utf8), to: "b.png")
        let result = try snug.run(["inspect", "gone.png", "b.png", "a.png", "--json"])
        #expect(result.exitCode == 1)
        #expect(result.lines.count == 3)
        #expect(result.lines[0].contains(#""code":"not_found""#))
        #expect(result.lines[1].contains(#""code":"not_an_image""#))
        #expect(result.lines[2].contains(#""format":"png""#))
    }

    @Test("A profile's JSON: these keys, in this order")
    func profilesJSON() throws {
        let result = try snug.run(["profiles", "bedrock-converse", "--json"])
        #expect(
            result.standardOutput
                == #"{"name":"bedrock-converse","title":"Amazon Bedrock Converse","stated_bytes":3750000,"counting":"raw","#
                + #""file_bytes":3750000,"max_side":8000,"min_side":null,"max_pixels":null,"#
                + #""formats":["jpeg","png","gif","webp"],"written_formats":["jpeg","png","webp"],"max_images_per_request":20,"#
                + #""certainty":"documented","source":"botocore 1.44.5, bedrock-runtime model","#
                + #""source_url":"https://pypi.org/project/botocore/1.44.5/","source_date":"2026-11-20","notes":""}"#
                + "\n")
    }

    @Test("All profiles are a table for people and a line each for programs")
    func profiles() throws {
        let table = try snug.run(["profiles"]).lines
        let objects = try snug.run(["profiles", "--json"]).lines
        #expect(table.count == objects.count + 1)
        #expect(table[0].hasPrefix("name"))
        let text = try snug.run(["profiles", "Bluesky"]).standardOutput
        #expect(text.hasPrefix("bluesky: Bluesky post\n"))
        #expect(text.contains("read on 2026-11-20") && text.contains("https://pypi.org/project/atproto/0.0.73/"))
        // Figures with a source that can be looked up have its address.
        #expect(
            TargetProfile.all.allSatisfy { $0.certainty != .documented || $0.sourceLink?.hasPrefix("https://") == true }
        )
    }

    @Test("The doctor finds this machine in order, and names the libraries")
    func doctor() throws {
        let result = try snug.run(["doctor", "--json"])
        #expect(result.exitCode == 0)
        let names = [
            "snug", "libjpeg-turbo", "libpng", "zlib", "libdeflate", "Little CMS", "libcurl", "memory",
            "current folder",
        ]
        for name in names {
            #expect(result.lines.contains { $0.hasPrefix(#"{"check":"\#(name)","state":"#) }, "\(name)")
        }
        #expect(folder.files().isEmpty)
        #expect(try snug.run(["doctor"]).standardOutput.contains("cores"))
    }

    @Test("Where libcurl cannot be loaded, uploading says so, the doctor too, and fitting works")
    func libcurlMissing() throws {
        var snug = snug
        try folder.write([0], to: "broken/libcurl.so.4")
        try folder.write([1], to: "a.bin")
        snug.environment["LD_LIBRARY_PATH"] = "broken"
        let upload = try snug.run(["upload", "a.bin", "--to", "http://127.0.0.1:9/"])
        #expect(upload.exitCode != 0 && upload.standardError.contains("libcurl"), "\(upload.standardError)")
        #expect(upload.standardError.contains("install it"))
        let line = try #require(try snug.run(["doctor", "--json"]).lines.first { $0.contains(#""check":"libcurl""#) })
        #expect(line.contains(#""state":"fail""#))
        try folder.write(CommandFolder.jpeg(), to: "a.jpg")
        #expect(try snug.run(["fit", "a.jpg", "-o", "out"]).exitCode == 0)
    }

    @Test("A folder for temporary files that is not there is warned about, with what to do")
    func doctorWarns() throws {
        var snug = snug
        try folder.write([1], to: "file")
        snug.environment["TMPDIR"] = "file/below"
        let result = try snug.run(["doctor", "--json"])
        let line = try #require(result.lines.first { $0.contains(#""check":"temporary folder""#) })
        #expect(line.contains(#""state":"warn""#) && !line.contains(#""remedy":"""#))
    }
}
