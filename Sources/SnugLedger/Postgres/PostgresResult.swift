// SPDX-License-Identifier: Apache-2.0
#if Postgres
    internal import CPostgres

    /// The rows of a statement, or why it failed.
    @safe struct PostgresResult: ~Copyable {
        private let handle: OpaquePointer

        init(_ handle: OpaquePointer) { unsafe self.handle = handle }

        deinit { unsafe snug_pg_result_free(handle) }

        /// Why the statement failed; `nil` when it did not.
        var failure: (state: String, message: String)? {
            guard unsafe snug_pg_result_status(handle) == .failed else { return nil }
            return unsafe (
                String(cString: snug_pg_result_state(handle)), String(cString: snug_pg_result_message(handle))
            )
        }

        /// Rows that the statement changed.
        var changedCount: Int { Int(unsafe snug_pg_result_changed_count(handle)) }

        /// The first value; `nil` for none.
        var firstText: String? {
            guard unsafe snug_pg_result_row_count(handle) > 0 else { return nil }
            return unsafe PostgresRow(result: handle, row: 0).text(0)
        }

        /// Passes each row on.
        func forEachRow(_ body: (any SQLRow) throws -> Void) throws {
            for row in 0..<(unsafe snug_pg_result_row_count(handle)) {
                try body(unsafe PostgresRow(result: handle, row: row))
            }
        }
    }

    /// A row of a result that its reader keeps alive.
    @safe private struct PostgresRow: SQLRow {
        let result: OpaquePointer
        let row: Int32

        var count: Int { Int(unsafe snug_pg_result_column_count(result)) }

        func number(_ index: Int) -> Int? { text(index).flatMap { Int($0) } }

        func text(_ index: Int) -> String? {
            var length = 0
            guard let value = unsafe snug_pg_result_value(result, row, Int32(index), &length) else { return nil }
            return unsafe value.withMemoryRebound(to: UInt8.self, capacity: length) {
                unsafe String(decoding: UnsafeBufferPointer(start: $0, count: length), as: UTF8.self)
            }
        }

        /// Bytes come as `\x` and hexadecimal digits.
        func bytes(_ index: Int) -> [UInt8]? {
            guard let digits = text(index)?.utf8, digits.starts(with: "\\x".utf8), digits.count.isMultiple(of: 2) else {
                return nil
            }
            var rest = digits.dropFirst(2)
            var bytes: [UInt8] = []
            while !rest.isEmpty {
                guard let byte = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
                bytes.append(byte)
                rest = rest.dropFirst(2)
            }
            return bytes
        }
    }

#endif
