// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem
public import SystemPackage

/// Where a ledger is: a file of this machine, or a PostgreSQL service that several machines share.
public enum LedgerLocation: Sendable, CustomStringConvertible {
    /// A file of SQLite's.
    case file(FilePath)
    #if Postgres
        /// A database of a service's.
        case postgres(PostgresAddress)
    #endif

    /// Reads `postgres://USER@HOST/DATABASE`, `@FILE` for a file with such a line, or the path of a file.
    /// - Parameters:
    ///   - text: The location.
    ///   - isPrivate: True for text that only its owner can read. Arguments of a command show in lists of processes,
    ///     so a password in one is refused.
    /// - Throws: `not_allowed` for a password in public; `not_a_ledger`, `ledger_read_only`.
    public init(_ text: String, isPrivate: Bool) throws(LedgerError) {
        if text.hasPrefix("@") {
            let path = FilePath(String(text.dropFirst()))
            let line = try Self.line(of: path)
            // A file that names itself would be read without end.
            guard !line.isEmpty, !line.hasPrefix("@") else {
                throw LedgerError(
                    .notALedger,
                    "\(path) does not begin with the address of a ledger; write postgres://USER@HOST/DATABASE")
            }
            try self.init(line, isPrivate: true)
            return
        }
        guard Self.isAddress(text) else {
            self = .file(FilePath(text))
            return
        }
        #if Postgres
            let address = try PostgresAddress(text)
            guard isPrivate || !address.hasPassword else {
                throw LedgerError(
                    .notAllowed,
                    "the address of the ledger has a password in it, which everybody on this machine can read; give it in "
                        + "PGPASSFILE or PGPASSWORD, or the whole address in SNUG_LEDGER or as @FILE")
            }
            self = .postgres(address)
        #else
            throw LedgerError(
                .notALedger, "this build of Snug knows no PostgreSQL; build it with the package trait Postgres")
        #endif
    }

    /// True for text that names a service.
    private static func isAddress(_ text: String) -> Bool {
        text.hasPrefix("postgres://") || text.hasPrefix("postgresql://")
    }

    private static func line(of path: FilePath) throws(LedgerError) -> String {
        let bytes: [UInt8]
        do {
            bytes = try FileDescriptor.contents(of: path, maximum: 4096)
        } catch {
            throw LedgerError(
                .readOnly, "\(path) cannot be read; it has to hold the address of the ledger", cause: error)
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return String(decoding: line, as: UTF8.self)
    }

    /// The path, or the address without user and password.
    public var description: String {
        switch self {
        case .file(let path): path.string
        #if Postgres
            case .postgres(let address): address.description
        #endif
        }
    }

    /// The place that a text names, without user and password.
    public static func place(of text: String) -> String {
        // A name of a file says where the address is, and the address itself may be secret.
        if text.hasPrefix("@") { return text }
        return (try? LedgerLocation(text, isPrivate: true).description) ?? "an address that cannot be read"
    }

    /// True for a service, which hosts share.
    public var isShared: Bool {
        switch self {
        case .file: false
        #if Postgres
            case .postgres: true
        #endif
        }
    }

    /// True for a service, and for a file that is there.
    public var mayExist: Bool {
        switch self {
        case .file(let path): FileSystem.isFile(path)
        #if Postgres
            case .postgres: true
        #endif
        }
    }

    /// Opens the ledger, making it when it is not there.
    /// - Throws: What opening a ledger of the kind throws.
    public func open(_ configuration: LedgerConfiguration = LedgerConfiguration()) async throws -> any SharedLedger {
        switch self {
        case .file(let path): try await SQLiteLedger.open(path, configuration: configuration)
        #if Postgres
            case .postgres(let address): try await PostgresLedger.open(address, configuration: configuration)
        #endif
        }
    }
}
