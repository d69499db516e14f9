// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem
import SnugUpload
import SystemPackage

/// The names of a daemon's objects at a server: as in the outbox, each belongs to one content, and nothing takes its place.
struct ObjectNames: Sendable {
    let store: any ObjectNameStore
    let endpoint: UploadEndpoint

    /// Names that are tried for one object.
    private static let maximumNames = 10_000

    /// Gives an image the first name that it has already, or that no other content has.
    /// - Parameters:
    ///   - name: Its names, to be tried in order.
    ///   - digest: SHA-256 of its bytes in hexadecimal.
    /// - Throws: ``UploadError``.
    func reserve(_ name: ResultName, for digest: String) async throws -> RelativePath {
        for index in 0..<Self.maximumNames {
            let candidate = name.candidate(index)
            let url = try UploadPlan.address(of: candidate.bytes, below: try folder())
            guard try await isFree(url, for: digest) else { continue }
            // Without the query: a signature that is made again names the same object.
            if try await store.reserve("\(url.origin)\(url.path)", for: digest) { return candidate }
        }
        throw UploadError(
            .nameCollision,
            "\(endpoint.url) has \(Self.maximumNames) objects of this name; name the file otherwise, and copy it to the "
                + "inbox again")
    }

    /// The address that names are appended to. An endpoint names objects itself, and is told names that differ as well.
    private func folder() throws -> HTTPURL {
        let url = endpoint.url
        guard !url.path.hasSuffix("/") else { return url }
        return try HTTPURL("\(url.scheme)://\(url.authority)\(url.path)/")
    }

    /// False where `snug upload` has put another content.
    private func isFree(_ url: HTTPURL, for digest: String) async throws -> Bool {
        guard let finished = store as? any FinishedUploadStore,
            let last = try await finished.receipt(of: FileJob.placeKey(url.redacted))
        else { return true }
        return last.sha256 == digest
    }
}
