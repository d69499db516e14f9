// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

/// A delivered file, open for one response. Its calls block.
final class OpenResult: Sendable {
    let byteCount: Int
    /// The extension in lower case.
    let suffix: String
    private let file: FileDescriptor

    init(_ path: FilePath) throws {
        file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .noFollow])
        let identity: FileIdentity
        do {
            identity = try file.identity()
            guard identity.kind == .file else { throw Errno.notSupported }
        } catch {
            file.closeIgnoringErrors()
            throw error
        }
        byteCount = identity.byteCount
        suffix = path.extension?.lowercased() == "jpeg" ? "jpg" : path.extension?.lowercased() ?? ""
    }

    deinit { file.closeIgnoringErrors() }

    func read() throws -> [UInt8] { try file.readSome(maximum: 256 << 10) }
}
