// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// Quantises and codes rows of MCUs, or counts the symbols that coding them would take.
@safe
struct BlockCoder: ~Copyable {
    let layout: BlockLayout
    let isProgressive: Bool
    private let handle: OpaquePointer
    private let level: KernelLevel

    init(_ layout: BlockLayout, isProgressive: Bool, level: KernelLevel = .best) throws(ImageError) {
        var coding = layout.coding(isProgressive: isProgressive)
        guard let handle = unsafe snug_coder_create(&coding) else { throw Self.outOfMemory }
        unsafe self.handle = handle
        self.layout = layout
        self.isProgressive = isProgressive
        self.level = level
    }

    deinit { unsafe snug_coder_free(handle) }

    private static var outOfMemory: ImageError {
        ImageError(.memoryExceeded, "encoding ran out of memory; run fewer jobs at once or give more memory")
    }

    /// Begins an output with the given tables.
    mutating func begin(_ tables: CodeTables) {
        unsafe snug_coder_rewind(handle)
        unsafe tables.withTables { unsafe snug_coder_set_tables(handle, $0) }
    }

    /// Writes row `row` of MCUs.
    mutating func write(_ rows: BlockRows, row: Int, quantisers: Quantisers) throws(ImageError) {
        precondition(rows.capacity >= layout.mcusAcross, "a row of MCUs is incomplete")
        let isWritten = unsafe rows.withRows { rows in
            unsafe quantisers.withQuantisers { unsafe snug_coder_write_row(handle, level, $0, rows, Int32(row)) }
        }
        if !isWritten { throw Self.outOfMemory }
    }

    /// Adds a row's symbols to `counts`.
    mutating func count(_ rows: BlockRows, row: Int, quantisers: Quantisers, counts: inout snug_symbol_counts) {
        precondition(rows.capacity >= layout.mcusAcross, "a row of MCUs is incomplete")
        unsafe rows.withRows { rows in
            unsafe quantisers.withQuantisers {
                unsafe snug_coder_count_row(handle, level, $0, rows, Int32(row), &counts)
            }
        }
    }

    /// Ends a count.
    mutating func finishCount(_ counts: inout snug_symbol_counts) {
        unsafe snug_coder_finish_count(handle, &counts)
    }

    /// Adds the symbols of a run from the middle of an image, after those of an earlier run, to `counts`.
    mutating func countRun(_ rows: BlockRows, quantisers: Quantisers, counts: inout snug_symbol_counts) {
        unsafe rows.withRows { pointers in
            unsafe quantisers.withQuantisers {
                unsafe snug_coder_count_sample(
                    handle, level, $0, pointers, Int32(rows.capacity), Int32(rows.capacity), &counts)
            }
        }
    }

    /// Bytes written so far, without stuffing.
    var byteCount: Int { unsafe snug_coder_byte_count(handle) }

    /// How far an output has come.
    @safe
    final class Mark {
        fileprivate let handle: OpaquePointer
        fileprivate init(_ handle: OpaquePointer) { unsafe self.handle = handle }
        deinit { unsafe snug_coder_mark_free(handle) }
    }

    /// The output so far. A mark is valid until the coder begins another output or gives a scan out.
    func mark() throws(ImageError) -> Mark {
        guard let handle = unsafe snug_coder_mark_create(handle) else { throw Self.outOfMemory }
        return unsafe Mark(handle)
    }

    /// Takes back what was written after a mark, the end included.
    mutating func goBack(to mark: Mark) { unsafe snug_coder_go_back(handle, mark.handle) }

    /// Ends all scans.
    mutating func finish() throws(ImageError) {
        if unsafe !snug_coder_finish(handle) { throw Self.outOfMemory }
    }

    /// Bytes of a finished scan.
    func scanSize(_ stream: Int) -> Int { unsafe snug_coder_scan_size(handle, Int32(stream)) }

    /// Moves a finished scan to memory with room for it; what is written there takes no memory here any more.
    /// - Returns: Its bytes.
    mutating func move(_ stream: Int, to target: UnsafeMutablePointer<UInt8>) -> Int {
        let size = scanSize(stream)
        if size > 0 { unsafe snug_coder_take_scan(handle, Int32(stream), target) }
        return size
    }
}
