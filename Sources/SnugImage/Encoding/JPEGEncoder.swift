// SPDX-License-Identifier: Apache-2.0
import CJPEG
import SnugSystem

/// A JPEG being written from planes of samples, in memory.
@safe
struct JPEGEncoder: ~Copyable {
    /// The entropy coding of coefficients.
    enum Coding: Sendable, Hashable {
        /// One scan with the given tables: memory for a band of rows only.
        case sequential(HuffmanTables)
        /// One scan with tables made for the image; holds all coefficients.
        case optimized
        /// Ten scans, the smallest of all; holds all coefficients.
        case progressive
    }

    /// The parameters of a file.
    struct Settings {
        var width: Int
        var height: Int
        var isGray: Bool
        /// Chroma at half the resolution both ways, else at full.
        var subsamplesChroma: Bool
        /// On libjpeg's 1–100 scale; fractions are meaningful.
        var quality: Double
        var coding: Coding
        /// Writing stops as soon as the output is larger.
        var byteLimit: Int
    }

    private let handle: OpaquePointer
    private let cancellation: CancellationFlag

    static func make(_ settings: Settings, cancellation: CancellationFlag) throws -> JPEGEncoder {
        var raw = unsafe snug_jpeg_settings()
        unsafe raw.width = Int32(clamping: settings.width)
        unsafe raw.height = Int32(clamping: settings.height)
        unsafe raw.component_count = settings.isGray ? 1 : 3
        unsafe raw.horizontal = settings.subsamplesChroma ? 2 : 1
        unsafe raw.vertical = settings.subsamplesChroma ? 2 : 1
        unsafe raw.optimises_coding = settings.coding == .optimized
        unsafe raw.is_progressive = settings.coding == .progressive
        unsafe raw.byte_limit = settings.byteLimit
        unsafe raw.is_cancelled = CancellationFlag.isCancelled
        unsafe raw.context = cancellation.context
        let tables = [QuantizationTable.luma(quality: settings.quality), .chroma(quality: settings.quality)]
        for (index, table) in tables.enumerated() {
            unsafe table.values.withUnsafeBufferPointer { values in
                guard let start = values.baseAddress else { return }
                unsafe snug_jpeg_settings_set_table(&raw, index == 1, start)
            }
        }
        var status = snug_jpeg_status.ok
        guard let created = unsafe snug_jpeg_encoder_create(&raw, &status) else {
            throw ImageError(.memoryExceeded, "no memory for a JPEG encoder; run fewer jobs at once")
        }
        let encoder = unsafe JPEGEncoder(handle: created, cancellation: cancellation)
        _ = try encoder.fits(status)
        if case .sequential(let tables) = settings.coding { try encoder.set(tables) }
        return encoder
    }

    private init(handle: OpaquePointer, cancellation: CancellationFlag) {
        unsafe self.handle = handle
        self.cancellation = cancellation
    }

    deinit { unsafe snug_jpeg_encoder_free(handle) }

    /// Writes an APPn or COM segment; before the first row, payloads of at most 65,533 bytes.
    mutating func writeSegment(marker: UInt8, payload: [UInt8]) throws {
        let status = unsafe payload.withUnsafeBufferPointer { bytes -> snug_jpeg_status in
            guard let start = bytes.baseAddress else { return .ok }
            return unsafe snug_jpeg_encoder_write_marker(handle, Int32(marker), start, bytes.count)
        }
        _ = try fits(status)
    }

    /// Adds the next row of a component.
    /// - Returns: Whether the output is still within its limit; if not, the encoder is spent.
    mutating func write(_ row: Span<UInt8>, component: Int) throws -> Bool {
        let status = unsafe row.withUnsafeBufferPointer { samples -> snug_jpeg_status in
            guard let start = samples.baseAddress else { return .misuse }
            return unsafe snug_jpeg_encoder_push_row(handle, Int32(component), start)
        }
        return try fits(status)
    }

    /// Ends the file once all rows are there.
    /// - Returns: Whether it is within its limit.
    mutating func finish() throws -> Bool { try fits(unsafe snug_jpeg_encoder_finish(handle)) }

    /// Bytes of the finished file.
    var byteCount: Int {
        var count = 0
        _ = unsafe snug_jpeg_encoder_bytes(handle, &count)
        return count
    }

    /// The finished file.
    func bytes() -> [UInt8] {
        var count = 0
        guard let start = unsafe snug_jpeg_encoder_bytes(handle, &count) else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }

    /// The Huffman tables that an optimized encode of one scan ended with.
    func huffmanTables() -> HuffmanTables? {
        guard let lumaDC = table(isAC: false, index: 0), let lumaAC = table(isAC: true, index: 0) else { return nil }
        return HuffmanTables(
            lumaDC: lumaDC, lumaAC: lumaAC, chromaDC: table(isAC: false, index: 1),
            chromaAC: table(isAC: true, index: 1))
    }

    private func table(isAC: Bool, index: Int) -> HuffmanTable? {
        var counts = [UInt8](repeating: 0, count: 16)
        var symbols = [UInt8](repeating: 0, count: 256)
        let total = unsafe counts.withUnsafeMutableBufferPointer { counts -> Int32 in
            unsafe symbols.withUnsafeMutableBufferPointer { symbols -> Int32 in
                guard let c = counts.baseAddress, let s = symbols.baseAddress else { return 0 }
                return unsafe snug_jpeg_encoder_get_huffman(handle, isAC ? 1 : 0, Int32(index), c, s)
            }
        }
        guard total > 0 else { return nil }
        return HuffmanTable(counts: counts, symbols: Array(symbols.prefix(Int(total))))
    }

    private func set(_ tables: HuffmanTables) throws {
        let all: [(Int32, Int32, HuffmanTable?)] = [
            (0, 0, tables.lumaDC), (1, 0, tables.lumaAC), (0, 1, tables.chromaDC), (1, 1, tables.chromaAC),
        ]
        for (tableClass, index, table) in all {
            guard let table else { continue }
            let status = unsafe table.counts.withUnsafeBufferPointer { counts -> snug_jpeg_status in
                unsafe table.symbols.withUnsafeBufferPointer { symbols -> snug_jpeg_status in
                    guard let c = counts.baseAddress, let s = symbols.baseAddress else { return .misuse }
                    return unsafe snug_jpeg_encoder_set_huffman(handle, tableClass, index, c, s)
                }
            }
            _ = try fits(status)
        }
    }

    private func fits(_ status: snug_jpeg_status) throws -> Bool {
        switch status {
        case .ok: return true
        case .overLimit: return false
        case .cancelled: throw CancellationError()
        case .outOfMemory:
            throw ImageError(.memoryExceeded, "encoding ran out of memory; run fewer jobs at once or give more memory")
        default:
            let message = unsafe String(cString: snug_jpeg_encoder_message(handle))
            throw ImageError(.codecFailed, "the JPEG encoder failed (\(message)); please report this file")
        }
    }
}
