// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem
import SnugUpload

/// The places of a bucket's keys.
package struct StorageKeys: Sendable, Hashable {
    /// The identifier of the access key. Default `AWS_ACCESS_KEY_ID`.
    package var accessKeyID: SecretReference
    /// The access key. Default `AWS_SECRET_ACCESS_KEY`.
    package var secretKey: SecretReference
    /// The session token of temporary keys, where there is one. Default `AWS_SESSION_TOKEN`.
    package var sessionToken: SecretReference

    package init(
        accessKeyID: SecretReference = .environment("AWS_ACCESS_KEY_ID"),
        secretKey: SecretReference = .environment("AWS_SECRET_ACCESS_KEY"),
        sessionToken: SecretReference = .environment("AWS_SESSION_TOKEN")
    ) {
        self.accessKeyID = accessKeyID
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }

    /// Fetches the keys. It may block.
    /// - Throws: `refused` when there are none.
    func read(region: String) throws(StorageError) -> S3Settings {
        do throws(DaemonError) {
            return S3Settings(
                accessKeyID: try accessKeyID.read().reveal(), secretKey: try secretKey.read(),
                sessionToken: try readToken(), region: region)
        } catch {
            throw StorageError(.refused, "there are no keys for the storage: \(error.message)")
        }
    }

    private func readToken() throws(DaemonError) -> Secret? {
        // The token of the environment belongs to the keys of the environment.
        if sessionToken == StorageKeys().sessionToken, accessKeyID != StorageKeys().accessKeyID { return nil }
        // Keys that last have none.
        if case .environment(let name) = sessionToken, Machine.environment(name)?.isEmpty ?? true { return nil }
        return try sessionToken.read()
    }
}
