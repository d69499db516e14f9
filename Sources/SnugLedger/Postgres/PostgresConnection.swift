// SPDX-License-Identifier: Apache-2.0
#if Postgres
    internal import CPostgres
    internal import SnugSystem

    /// One connection, with its prepared statements.
    ///
    /// It blocks the thread that uses it, and is used by one at a time: its pool sees to that.
    @safe final class PostgresConnection: @unchecked Sendable {
        private struct Statement {
            var name: String
            var parameters: [String]
        }

        private let handle: OpaquePointer
        private var statements: [String: Statement] = [:]

        /// Connects.
        /// - Parameter setup: Statements that the connection begins with.
        init(_ connectionString: String, setup: String) throws(PostgresFailure) {
            guard let handle = unsafe snug_pg_connect(connectionString) else {
                throw PostgresFailure(state: "53200", message: "out of memory", isLost: true)
            }
            unsafe self.handle = handle
            guard unsafe snug_pg_is_connected(handle) else {
                throw unsafe PostgresFailure(state: "", message: String(cString: snug_pg_message(handle)), isLost: true)
            }
            try run(setup)
        }

        deinit { unsafe snug_pg_close(handle) }

        /// True until it is known to be broken.
        var isConnected: Bool { unsafe snug_pg_is_connected(handle) }
        /// True while a transaction is open.
        var isInTransaction: Bool { unsafe snug_pg_is_in_transaction(handle) }
        /// The service's version, such as 150018 for 15.18.
        var version: Int { Int(unsafe snug_pg_version(handle)) }

        /// Runs statements without parameters.
        /// - Returns: The result of the last one.
        @discardableResult
        func run(_ sql: String) throws(PostgresFailure) -> PostgresResult {
            try unsafe checked(unsafe snug_pg_run(handle, sql))
        }

        /// Executes a statement with the values of its parameters.
        func execute(_ sql: String, _ arguments: SQLArguments) throws(PostgresFailure) -> PostgresResult {
            let statement = try prepared(sql)
            // One buffer of C strings, and where each begins; a text ends at a NUL here as it does in SQLite.
            var buffer: [CChar] = []
            let offsets = arguments.values(of: statement.parameters).map { value -> Int? in
                guard let text = value?.postgresText else { return nil }
                defer {
                    buffer.append(contentsOf: text.utf8.lazy.map { CChar(bitPattern: $0) })
                    buffer.append(0)
                }
                return buffer.count
            }
            let result = unsafe buffer.withUnsafeBufferPointer { buffer in
                let values = unsafe offsets.map { offset in
                    unsafe offset.flatMap { unsafe buffer.baseAddress?.advanced(by: $0) }
                }
                return unsafe snug_pg_execute(handle, statement.name, Int32(values.count), values)
            }
            return try unsafe checked(result)
        }

        private func prepared(_ sql: String) throws(PostgresFailure) -> Statement {
            if let known = statements[sql] { return known }
            let (text, parameters) = NumberedParameters.numbered(sql)
            let statement = Statement(name: "s\(statements.count)", parameters: parameters)
            _ = try unsafe checked(unsafe snug_pg_prepare(handle, statement.name, text))
            statements[sql] = statement
            return statement
        }

        private func checked(_ result: OpaquePointer?) throws(PostgresFailure) -> PostgresResult {
            guard let result = unsafe result else {
                throw unsafe PostgresFailure(
                    state: "", message: String(cString: snug_pg_message(handle)), isLost: !isConnected,
                    wasEstablished: true)
            }
            let owned = unsafe PostgresResult(result)
            if let failure = owned.failure {
                throw PostgresFailure(
                    state: failure.state, message: failure.message, isLost: !isConnected, wasEstablished: true)
            }
            return owned
        }
    }

    extension SQLValue {
        /// The text form of its type; `nil` for none.
        fileprivate var postgresText: String? {
            switch self {
            case .none: nil
            case .number(let number): "\(number)"
            case .text(let text): text
            case .bytes(let bytes): "\\x" + bytes.hexadecimal
            }
        }
    }

#endif
