// SPDX-License-Identifier: Apache-2.0
package import Logging
package import SnugHTTP
import SnugSystem
import SnugUpload
package import SystemPackage

/// Where the bytes of a fleet are.
package enum StorageAddress: Sendable, Hashable, CustomStringConvertible {
    /// A folder of a bucket.
    case bucket(BucketPlace)
    /// A folder that all hosts have mounted.
    case folder(FilePath)

    /// Reads `s3://BUCKET/PREFIX?endpoint=…&region=…&use_path_style=…` or `file:///PATH`.
    /// - Throws: `refused`, with the right form where it can be told.
    package init(_ text: String) throws(StorageError) {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw Self.wrong(text) }
        switch parts[0].lowercased() {
        case "s3": self = .bucket(try BucketPlace(parts[1]))
        case "file":
            let path = FilePath(String(parts[1]))
            guard path.isAbsolute, path != "/" else { throw Self.wrong(text) }
            self = .folder(path.lexicallyNormalized())
        default: throw Self.wrong(text)
        }
    }

    /// The address in its shortest form, the same for all who name the same place alike.
    package var description: String {
        switch self {
        case .bucket(let place): place.description
        case .folder(let path): "file://\(path)"
        }
    }

    /// The storage. It may block, to read keys.
    /// - Parameters:
    ///   - keys: The places of the keys.
    ///   - http: Sends everything.
    ///   - logger: Receives what no error tells.
    ///   - variable: A variable of the environment.
    /// - Throws: `refused` without keys.
    package func open(
        keys: StorageKeys = StorageKeys(), http: HTTPClient, logger: Logger,
        variable: (String) -> String? = Machine.environment
    ) throws(StorageError) -> any ByteStorage {
        switch self {
        case .bucket(let place): try place.open(keys, http, logger, variable)
        case .folder(let path): try FolderStorage(path)
        }
    }

    /// The error for a wrong address, with the nearest form that works.
    private static func wrong(_ text: String) -> StorageError {
        StorageError(
            .refused,
            "'\(shown(text))' is no address of a storage; "
                + "write \(nearestForm(text) ?? "s3://BUCKET/PREFIX, or file:///PATH for a folder that all hosts have mounted")"
        )
    }

    /// The beginning of a text, cut before anything that could be a key.
    static func shown(_ text: some StringProtocol) -> String {
        // What stands before an at sign may be a name and a password.
        guard !text.contains("@") else {
            return PrintableName.escaped(String(text.prefix { $0 != ":" }.prefix(20))) + "…"
        }
        return PrintableName.escaped(String(text.prefix { $0 != "?" }.prefix(100)))
    }

    private static func nearestForm(_ text: String) -> String? {
        if text.hasPrefix("/"), text.count > 1 { return "file://\(shown(text))" }
        if text.lowercased().hasPrefix("file:") { return "file:///PATH" }
        // As restic writes it: `s3:https://host/bucket/folder`.
        let rest = text.lowercased().hasPrefix("s3:") ? text.dropFirst(3).drop { $0 == "/" } : text[...]
        guard let url = try? HTTPURL(String(rest)) else {
            let isName = !rest.isEmpty && !rest.contains(where: { ":@?# ".contains($0) }) && rest.first != "/"
            return isName ? "s3://\(rest)" : nil
        }
        let path = url.path.split(separator: "/").joined(separator: "/")
        let host = url.host.split(separator: ".")
        if url.host.hasSuffix(".amazonaws.com"), let mark = host.firstIndex(of: "s3") {
            let region = mark + 1 < host.count && host[mark + 1] != "amazonaws" ? "?region=\(host[mark + 1])" : ""
            let bucket = host[..<mark].joined(separator: ".")
            return "s3://" + [bucket, path].filter { !$0.isEmpty }.joined(separator: "/") + region
        }
        return "s3://\(path.isEmpty ? "BUCKET" : path)?endpoint=\(url.scheme)://\(url.authority)"
    }
}
