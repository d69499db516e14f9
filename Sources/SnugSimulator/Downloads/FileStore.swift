// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The results that URLs point to.
final class FileStore: Sendable {
    struct File: Sendable {
        var bytes: [UInt8]
        var contentType: String
        var fileExtension: String
        var acceptsRanges = true
    }

    private struct State {
        var next = 18_491
        var files: [String: File] = [:]
    }

    private let state = Mutex(State())

    func add(_ file: File) -> String {
        state.withLock { state in
            let name = "\(state.next).\(file.fileExtension)"
            state.next += 1
            state.files[name] = file
            return name
        }
    }

    subscript(name: String) -> File? { state.withLock { $0.files[name] } }

    /// A path to the file, good until `expiry` (Unix time) when there is one.
    func path(_ name: String, expiry: Int?, redirects: Int = 0) -> String {
        let prefix = redirects > 0 ? "/redirect/\(redirects)" : ""
        guard let expiry else { return "\(prefix)/generations/\(name)" }
        return "\(prefix)/generations/\(name)?expires=\(expiry)&signature=\(Self.signature(name, expiry: expiry))"
    }

    static func signature(_ name: String, expiry: Int) -> String {
        String(Digest.hexadecimal(Array("snug-simulator/\(name)/\(expiry)".utf8)).prefix(24))
    }
}
