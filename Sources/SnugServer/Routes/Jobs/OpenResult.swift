// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

/// A delivered file, open for one response. Its calls block.
final class OpenResult: Sendable {
    let byteCount: Int
    let validators: Validators
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
        validators = Validators(identity)
        suffix = path.extension?.lowercased() == "jpeg" ? "jpg" : path.extension?.lowercased() ?? ""
    }

    deinit { file.closeIgnoringErrors() }

    /// Goes to a byte, from which the next read begins.
    func seek(to offset: Int) throws { _ = try file.seek(offset: Int64(offset), from: .start) }

    func read(maximum: Int) throws -> [UInt8] { try file.readSome(maximum: min(maximum, 256 << 10)) }
}
