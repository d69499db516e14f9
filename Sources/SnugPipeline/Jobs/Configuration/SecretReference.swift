// SPDX-License-Identifier: Apache-2.0
package import SnugHTTP
import SnugSystem
public import SystemPackage

/// The place of a secret: a configuration names it and never holds it.
public enum SecretReference: Sendable, Hashable, CustomStringConvertible {
    /// A variable of the environment.
    case environment(String)
    /// The first line of a file.
    case file(FilePath)

    /// The place, for messages.
    public var description: String {
        switch self {
        case .environment(let name): "the variable \(name)"
        case .file(let path): "the file \(PrintableName.of(path))"
        }
    }

    private static let maximumBytes = 64 * 1024

    /// Fetches the secret. It may block.
    /// - Throws: `secret_missing` when there is none.
    package func read() throws(DaemonError) -> Secret {
        let text: String?
        switch self {
        case .environment(let name): text = Machine.environment(name)
        case .file(let path):
            do {
                let file = try FileDescriptor.opening(path, .readOnly)
                let bytes = try file.closeAfter { try file.readBytes(maximum: Self.maximumBytes) }
                text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
            } catch {
                throw DaemonError(.secretMissing, "\(self) cannot be read: \(error)")
            }
        }
        let words = (text ?? "").split(whereSeparator: \.isWhitespace)
        guard let first = words.first, let last = words.last else {
            throw DaemonError(.secretMissing, "\(self) holds no secret; set it, or name another place")
        }
        return Secret(String((text ?? "")[first.startIndex..<last.endIndex]))
    }
}
