// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Headers of JPEG XL, written bit by bit by ISO/IEC 18181-1 §D, bare and in boxes.
@Suite(.enabled(if: ImageFormat.jpegXL.isDecodable)) struct JPEGXLHeaderProbeTests {
    /// Bits from the lowest of each byte up.
    private struct BitWriter {
        private var bits: [Bool] = []

        mutating func put(_ value: Int, _ count: Int) { bits += (0..<count).map { value >> $0 & 1 == 1 } }
        /// One of four forms by two bits, and the value's bits behind it.
        mutating func put(form: Int, _ value: Int = 0, _ count: Int = 0) {
            put(form, 2)
            put(value, count)
        }
        /// Sides of at most 512 pixels each.
        mutating func size(_ width: Int, _ height: Int) {
            put(0, 1)
            put(form: 0, height - 1, 9)
            put(0, 3)
            put(form: 0, width - 1, 9)
        }
        var codestream: [UInt8] {
            var bits = bits
            while !bits.count.isMultiple(of: 8) { bits.append(false) }
            let bytes = stride(from: 0, to: bits.count, by: 8).map { start in
                (0..<8).reduce(UInt8(0)) { $0 | (bits[start + $1] ? 1 << UInt8($1) : 0) }
            }
            return [0xFF, 0x0A] + bytes + [0, 0, 0, 0]
        }
    }

    struct Fields: Sendable {
        var orientation: Int?
        var hasIntrinsicSize = false
        /// Form and value of ticks, their divisor, and the number of loops.
        var animation: [(form: Int, value: Int, bits: Int)]?
        /// Whole samples by form and value, or floating point.
        var depth: (isFloat: Bool, form: Int, value: Int) = (false, 0, 0)
        /// Form and value of the number of extra channels.
        var extra: (form: Int, value: Int, bits: Int) = (0, 0, 0)
        /// Alpha of eight bits.
        var isDefaultExtra = true
        /// nil: all defaults. Else the form of the colour space, and whether a profile follows.
        var colour: (hasProfile: Bool, form: Int)?
    }

    private func codestream(_ fields: Fields) -> [UInt8] {
        var bits = BitWriter()
        bits.size(77, 33)
        bits.put(0, 1)
        let hasMore = fields.orientation != nil || fields.hasIntrinsicSize || fields.animation != nil
        bits.put(hasMore ? 1 : 0, 1)
        if hasMore {
            bits.put((fields.orientation ?? 1) - 1, 3)
            bits.put(fields.hasIntrinsicSize ? 1 : 0, 1)
            if fields.hasIntrinsicSize { bits.size(200, 100) }
            bits.put(0, 1)
            bits.put(fields.animation == nil ? 0 : 1, 1)
            for field in fields.animation ?? [] { bits.put(form: field.form, field.value, field.bits) }
            if fields.animation != nil { bits.put(1, 1) }
        }
        bits.put(fields.depth.isFloat ? 1 : 0, 1)
        bits.put(form: fields.depth.form, fields.depth.value, fields.depth.form == 3 ? 6 : 0)
        if fields.depth.isFloat { bits.put(7, 4) }
        bits.put(1, 1)
        bits.put(form: fields.extra.form, fields.extra.value, fields.extra.bits)
        if fields.extra.form == 1 { bits.put(fields.isDefaultExtra ? 1 : 0, 1) }
        bits.put(1, 1)
        if let colour = fields.colour {
            bits.put(0, 1)
            bits.put(colour.hasProfile ? 1 : 0, 1)
            bits.put(form: colour.form)
        } else {
            bits.put(1, 1)
        }
        return bits.codestream
    }

    @Test("Orientation is read, whatever stands beside it", arguments: Orientation.allCases, [false, true])
    func orientation(orientation: Orientation, hasIntrinsicSize: Bool) throws {
        let header = try probe(
            codestream(Fields(orientation: orientation.rawValue, hasIntrinsicSize: hasIntrinsicSize)))
        #expect(header.format == .jpegXL && header.orientation == orientation)
        #expect(header.width == 77 && header.height == 33 && !header.isAnimated && header.colourModel == .rgb)
    }

    @Test(
        "Depths of whole and of floating-point samples are read at each of their forms",
        arguments: [
            (false, 0, 0, 8), (false, 1, 0, 10), (false, 2, 0, 12), (false, 3, 15, 16), (true, 0, 0, 32),
            (true, 1, 0, 16), (true, 2, 0, 24), (true, 3, 19, 20),
        ])
    func depth(isFloat: Bool, form: Int, value: Int, expected: Int) throws {
        for orientation in [nil, 6] {
            let header = try probe(codestream(Fields(orientation: orientation, depth: (isFloat, form, value))))
            #expect(header.bitsPerSample == expected)
        }
    }

    @Test("An animation is one, at each form of its ticks and loops", arguments: 0...3)
    func animation(form: Int) throws {
        let ticks = [0, 0, 10, 30], divisors = [0, 0, 8, 10], loops = [0, 3, 16, 32]
        let fields = [ticks, divisors, loops].map { (form: form, value: 1, bits: $0[form]) }
        let header = try probe(codestream(Fields(animation: fields, depth: (false, 1, 0))))
        #expect(header.isAnimated && header.frameCount == nil)
        // What follows is found behind it.
        #expect(header.bitsPerSample == 10)
    }

    @Test("Alpha is an extra channel; the model of others is left open, with transparency at worst")
    func extraChannels() throws {
        #expect(try probe(codestream(Fields())).colourModel == .rgb)
        #expect(try probe(codestream(Fields(extra: (1, 0, 0)))).colourModel == .rgba)
        #expect(try probe(codestream(Fields(extra: (1, 0, 0), isDefaultExtra: false))).hasAlpha)
        #expect(try probe(codestream(Fields(extra: (2, 3, 4)))).hasAlpha)
        #expect(try probe(codestream(Fields(extra: (3, 100, 12)))).hasAlpha)
    }

    @Test("Gray is gray, with alpha, with a profile, or with neither", arguments: [false, true], [false, true])
    func gray(hasAlpha: Bool, hasProfile: Bool) throws {
        let header = try probe(
            codestream(Fields(extra: hasAlpha ? (1, 0, 0) : (0, 0, 0), colour: (hasProfile, 1))))
        #expect(header.colourModel == (hasAlpha ? .grayAlpha : .gray))
        // Form 0 is RGB.
        let colour = try probe(
            codestream(Fields(extra: hasAlpha ? (1, 0, 0) : (0, 0, 0), colour: (hasProfile, 0))))
        #expect(colour.colourModel == (hasAlpha ? .rgba : .rgb))
    }

    @Test("A header of defaults alone is RGB of 8 bits; a preview leaves the rest open")
    func defaults() throws {
        var bits = BitWriter()
        bits.size(9, 8)
        bits.put(1, 1)
        let header = try probe(bits.codestream)
        #expect(header.width == 9 && header.bitsPerSample == 8 && header.colourModel == .rgb)
        bits = BitWriter()
        bits.size(9, 8)
        bits.put(0, 1)
        bits.put(1, 1)
        // Orientation 6, no intrinsic size, a preview.
        bits.put(5, 3)
        bits.put(0, 1)
        bits.put(1, 1)
        let preview = try probe(bits.codestream)
        #expect(preview.orientation == .rotated90 && preview.bitsPerSample == 16 && preview.hasAlpha)
    }

    private static let signature = ISOBytes.box("JXL ", [0x0D, 0x0A, 0x87, 0x0A])
    private static let kind = ISOBytes.box("ftyp", Array("jxl \0\0\0\0jxl ".utf8))

    @Test("The codestream is found behind other boxes, in boxes of any length, in whole or in parts")
    func boxes() throws {
        let stream = codestream(Fields(orientation: 3))
        let start = Self.signature + Self.kind
        let rows: [[UInt8]] = [
            ISOBytes.box("jxlc", stream), ISOBytes.longBox("jxlc", stream),
            [0, 0, 0, 0] + Array("jxlc".utf8) + stream,
            ISOBytes.box("jxlp", [0, 0, 0, 0] + stream), ISOBytes.box("jxlp", [0x80, 0, 0, 0] + stream),
            ISOBytes.box("jxll", [5]) + ISOBytes.box("Exif", [UInt8](repeating: 0, count: 9_000))
                + ISOBytes.longBox("jxlp", [0, 0, 0, 0] + stream),
        ]
        for row in rows {
            let header = try probe(start + row)
            #expect(header.orientation == .rotated180 && header.width == 77)
        }
    }

    @Test("Boxes without a codestream, or with something else in its place, are faults of the file")
    func faults() throws {
        let start = Self.signature + Self.kind
        let rows: [([UInt8], ImageError.Code)] = [
            (start, .truncatedInput), (start + ISOBytes.box("Exif", [1, 2]), .truncatedInput),
            (start + ISOBytes.box("jxlc", [1, 2, 3, 4]), .corruptInput),
            (start + [0, 0, 0, 5] + Array("junk".utf8) + [UInt8](repeating: 0, count: 9), .corruptInput),
            (start + (0..<1_200).flatMap { _ in ISOBytes.box("free", []) } + ISOBytes.box("jxlc", []), .corruptInput),
        ]
        for (bytes, code) in rows {
            let error = #expect(throws: ImageError.self) { try probe(bytes) }
            #expect(error?.code == code)
        }
        let limits = DecodingLimits(maximumPixelCount: 77 * 33 - 1)
        let error = #expect(throws: ImageError.self) { try probe(codestream(Fields()), limits: limits) }
        #expect(error?.code == .limitExceeded)
    }

    @Test("Whatever bits follow a size, the header is read or refused, never more", arguments: UInt64(0)..<20)
    func noise(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            for file in [[0xFF, 0x0A] + bytes, Self.signature + Self.kind + bytes] {
                if let header = try? probe(file) { #expect(header.width > 0 && header.height > 0) }
            }
        }
    }
}
