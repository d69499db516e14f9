// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Rows that are inflated and unfiltered here, beside libpng's of the same files.
@Suite struct PNGLibraryComparisonTests {
    /// Everything that a decoder says of a file, or its error.
    private struct Outcome: Equatable, CustomTestStringConvertible {
        var pixels: [UInt8] = []
        var layout: [Int] = []
        var warnings: [String] = []
        var missingRowCount = 0
        var code: ImageError.Code?
        var message = ""
        var rowsPresent: ImageError.Detail?

        var testDescription: String {
            "\(pixels.count) samples \(CRC32.checksum(pixels)), \(layout), \(warnings), \(missingRowCount) missing, "
                + "\(code.map { "\($0)" } ?? "sound") \(message)"
        }
    }

    private func outcome(
        _ bytes: [UInt8], keeps16Bits: Bool = true, recovers: Bool = false, level: KernelLevel = .best,
        usesLibraryOnly: Bool
    ) -> Outcome {
        var outcome = Outcome()
        do throws(ImageError) {
            var decoder = try PNGDecoder(
                source: ImageSource(bytes: bytes), keeps16Bits: keeps16Bits, recoversPartialImages: recovers,
                memoryLimit: 64 << 20, level: level, usesLibraryOnly: usesLibraryOnly)
            outcome.layout = [decoder.width, decoder.height, decoder.channels, decoder.bitsPerSample]
            var row = [UInt8](repeating: 0, count: decoder.rowByteCount)
            while decoder.nextRow < decoder.height {
                var span = row.mutableSpan
                try decoder.readRow(into: &span)
                outcome.pixels += row
            }
            outcome.warnings = decoder.warnings
            outcome.missingRowCount = decoder.missingRowCount
        } catch {
            outcome.code = error.code
            outcome.message = error.message
            outcome.rowsPresent = error.details["rows_present"]
        }
        return outcome
    }

    @Test(
        "Every kind, depth and transparency gives libpng's samples at every level",
        arguments: ReferencePNG.kinds.indices)
    func kinds(kind: Int) {
        var random = SeededGenerator(seed: UInt64(kind) + 500)
        for _ in 0..<30 {
            let png = ReferencePNG(
                ReferencePNG.kinds[kind], interlaced: false, transparency: Bool.random(using: &random), &random)
            for keeps16Bits in [false, true] {
                let library = outcome(png.bytes, keeps16Bits: keeps16Bits, usesLibraryOnly: true)
                #expect(library.code == nil && library.pixels.count > 0)
                for level in KernelLevel.available {
                    let own = outcome(png.bytes, keeps16Bits: keeps16Bits, level: level, usesLibraryOnly: false)
                    #expect(own == library, "\(png.width)x\(png.height)")
                }
            }
        }
    }

    /// A compressed image whose rows are like each other, and unlike them where a window ends.
    private func compressed(_ layout: PNGLayout, width: Int, height: Int, level: Int, seed: UInt64) throws -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        var options = PNGEncoderOptions()
        options.level = level
        options.filter = PNGEncoderOptions.Filter.allCases.randomElement(using: &random) ?? .adaptive
        var encoder = try PNGEncoder(width: width, height: height, layout: layout, options: options)
        var row = [UInt8](repeating: 0, count: layout.rowByteCount(width: width))
        let most: UInt8 = layout.bits < 8 ? 1 << UInt8(layout.bits) - 1 : 255
        for y in 0..<height {
            var x = 0
            while x < row.count {
                // The upper bits say whether a sample changes, the lower ones to what.
                let bits = random.next()
                if y == 0 || (bits >> 32) % 9 == 0 { row[x] = UInt8(bits % (UInt64(most) + 1)) }
                x += 1
            }
            try encoder.write(row.span)
        }
        return try #require(try encoder.finish())
    }

    @Test(
        "Rows longer than the block, and images of many blocks, give libpng's samples",
        arguments: [
            (PNGLayout.rgba(bits: 16), 31_001, 3), (.rgb(bits: 8), 65_501, 4), (.gray(bits: 1), 65_001, 30),
            (.rgb(bits: 8), 333, 700), (.rgba(bits: 8), 1001, 401), (.gray(bits: 8), 7, 60_000),
            (.grayAlpha(bits: 16), 511, 300), (.gray(bits: 4), 1777, 400),
        ])
    func large(layout: PNGLayout, width: Int, height: Int) throws {
        for level in [0, 1, 6] {
            let bytes = try compressed(layout, width: width, height: height, level: level, seed: UInt64(level))
            let library = outcome(bytes, usesLibraryOnly: true)
            #expect(library.code == nil && library.warnings.isEmpty)
            let own = outcome(bytes, usesLibraryOnly: false)
            #expect(own == library, "level \(level)")
        }
    }

    @Test("Image data in chunks of any size, empty ones among them, are one stream", arguments: [1, 2, 3, 7, 1000])
    func chunks(size: Int) throws {
        var file = PNGTestFile(try compressed(.rgb(bits: 8), width: 61, height: 40, level: 6, seed: 3))
        let data = file.chunks.filter { $0.name == "IDAT" }.flatMap(\.data)
        let others = file.chunks.filter { $0.name != "IDAT" }
        let parts = stride(from: 0, to: data.count, by: size).flatMap { start -> [(name: String, data: [UInt8])] in
            [("IDAT", Array(data[start..<min(start + size, data.count)])), ("IDAT", [])]
        }
        file.chunks = [others[0]] + parts + [others[1]]
        let own = outcome(file.bytes, usesLibraryOnly: false)
        #expect(own == outcome(file.bytes, usesLibraryOnly: true))
        #expect(own.code == nil && own.warnings.isEmpty)
    }

    // MARK: - Damage

    @Test("A file cut anywhere has the rows and the error that it has with libpng", arguments: [false, true])
    func truncation(recovers: Bool) throws {
        let bytes = try compressed(.rgb(bits: 8), width: 19, height: 23, level: 6, seed: 5)
        for count in 0..<bytes.count {
            let cut = Array(bytes.prefix(count))
            let own = outcome(cut, recovers: recovers, usesLibraryOnly: false)
            let library = outcome(cut, recovers: recovers, usesLibraryOnly: true)
            #expect(own.code == library.code, "\(count) bytes")
            // Several symbols are read at once, and none of them where the file ends within the last.
            #expect(abs(own.missingRowCount - library.missingRowCount) <= 1, "\(count) bytes")
            if own.missingRowCount == library.missingRowCount && own.code == nil {
                #expect(own == library, "\(count) bytes")
            }
        }
    }

    /// A file whose compressed data were changed under right checksums of chunks.
    private func altered(_ change: (inout [UInt8]) -> Void) throws -> [UInt8] {
        var file = PNGTestFile(try compressed(.rgba(bits: 8), width: 40, height: 50, level: 6, seed: 8))
        let place = try #require(file.chunks.firstIndex { $0.name == "IDAT" })
        change(&file.chunks[place].data)
        return file.bytes
    }

    @Test("Changed compressed data under right CRCs are never sound, and give the rows before them")
    func damagedStream() throws {
        let whole = outcome(try altered { _ in }, usesLibraryOnly: false)
        var random = SeededGenerator(seed: 21)
        for _ in 0..<300 {
            let place = Int.random(in: 0..<3000, using: &random)
            let bit = UInt8.random(in: 0...7, using: &random)
            let bytes = try altered { $0[place % $0.count] ^= 1 << bit }
            let own = outcome(bytes, usesLibraryOnly: false)
            let library = outcome(bytes, usesLibraryOnly: true)
            if own.code == nil && own.warnings.isEmpty { #expect(own == whole) }
            let rows = min(own.pixels.count, library.pixels.count)
            let isSame = own.pixels.prefix(rows) == library.pixels.prefix(rows)
            #expect(isSame, "\(place), \(bit)")
            #expect(own.pixels.count >= library.pixels.count, "\(place), \(bit)")
            if library.code == nil { #expect(own.code == nil) }
        }
    }

    @Test("A wrong Adler-32 is damage, though all rows are there, and a warning with recovery")
    func wrongChecksum() throws {
        for place in 1...4 {
            let bytes = try altered { $0[$0.count - place] ^= 1 }
            let strict = outcome(bytes, usesLibraryOnly: false)
            #expect(strict.code == .corruptInput && strict.message.contains("ADLER32"))
            #expect(outcome(bytes, usesLibraryOnly: true).code == .corruptInput)
            #expect(throws: ImageError.self) { try PNGDecoder.verify(ImageSource(bytes: bytes)) }
            let recovered = outcome(bytes, recovers: true, usesLibraryOnly: false)
            #expect(recovered.code == nil && recovered.missingRowCount == 0 && !recovered.warnings.isEmpty)
            #expect(recovered.pixels.count == 40 * 50 * 4)
        }
    }

    @Test("Faults of the stream have libpng's words")
    func words() throws {
        let faults: [[UInt8]] = [
            // No checksum at the end, bytes behind it, a wrong header, a window too large, a dictionary.
            try altered { $0.removeLast(4) }, try altered { $0 += [1, 2, 3] },
            try altered { $0[0] = 0x79 }, try altered { $0.replaceSubrange(0..<2, with: [0x88, 0x1C]) },
            try altered { $0.replaceSubrange(0..<2, with: [0x78, 0x20]) }, try altered { $0[1] ^= 1 },
            try altered { $0.removeAll() }, try altered { $0 = [0x78] },
        ]
        for (index, bytes) in faults.enumerated() {
            for recovers in [false, true] {
                let own = outcome(bytes, recovers: recovers, usesLibraryOnly: false)
                #expect(own == outcome(bytes, recovers: recovers, usesLibraryOnly: true), "fault \(index)")
                #expect(own.code != nil || !own.warnings.isEmpty, "fault \(index)")
            }
        }
    }

    @Test("A filter that there is not ends the image there")
    func unknownFilter() throws {
        let header = PNGTestFile.header(width: 4, height: 3, depth: 8, colour: 0)
        var file = PNGTestFile()
        let rows: [UInt8] = [0, 1, 2, 3, 4, 5, 1, 2, 3, 4, 0, 1, 2, 3, 4]
        file.chunks = [("IHDR", header), ("IDAT", PNGBuilder.zlib(rows)), ("IEND", [])]
        let own = outcome(file.bytes, usesLibraryOnly: false)
        #expect(outcome(file.bytes, usesLibraryOnly: true).code == own.code)
        #expect(own.code == .corruptInput && own.rowsPresent == .integer(1))
        #expect(throws: ImageError.self) { try PNGDecoder.verify(ImageSource(bytes: file.bytes)) }
    }

    @Test("Chunks out of place have libpng's words", arguments: ["PLTE", "tRNS", "IHDR", "IDAT"])
    func chunksOutOfPlace(name: String) throws {
        for file in ["rgb8.png", "palette8.png", "gray8.png"] {
            var png = PNGTestFile(try PNGTestFile.fixture(file))
            png.chunks.insert((name, [UInt8](repeating: 1, count: name == "IHDR" ? 13 : 3)), at: png.chunks.count - 1)
            png.chunks.insert(("tRNS", [0]), at: png.chunks.count - 2)
            let own = outcome(png.bytes, usesLibraryOnly: false)
            let library = outcome(png.bytes, usesLibraryOnly: true)
            #expect(own.code == library.code, "\(file)")
            // libpng has no words of its own for image data in two places.
            if name != "IDAT" { #expect(own == library, "\(file)") }
        }
    }
}
