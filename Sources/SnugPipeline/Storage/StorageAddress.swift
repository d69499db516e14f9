// SPDX-License-Identifier: Apache-2.0
package import Logging
package import SnugHTTP
import SnugSystem
package import SystemPackage

/// Where the bytes of a fleet are.
package enum StorageAddress: Sendable, Hashable, CustomStringConvertible {
    /// A folder that all hosts have mounted.
    case folder(FilePath)

    /// Reads `file:///PATH`.
    /// - Throws: `refused`, with the right form.
    package init(_ text: String) throws(StorageError) {
        let prefix = "file://"
        let path = FilePath(String(text.dropFirst(prefix.count)))
        guard text.hasPrefix(prefix), path.isAbsolute, path != "/" else {
            throw StorageError(
                .refused,
                "'\(PrintableName.escaped(String(text.prefix(100))))' is no address of a storage; write file:///PATH for a "
                    + "folder that all hosts have mounted")
        }
        self = .folder(path.lexicallyNormalized())
    }

    /// The address in its shortest form.
    package var description: String {
        switch self {
        case .folder(let path): "file://\(path)"
        }
    }

    /// The storage. It may block.
    /// - Parameters:
    ///   - http: Sends everything.
    ///   - logger: Receives what no error tells.
    /// - Throws: ``StorageError``.
    package func open(http: HTTPClient, logger: Logger) throws(StorageError) -> any ByteStorage {
        switch self {
        case .folder(let path): try FolderStorage(path)
        }
    }
}
