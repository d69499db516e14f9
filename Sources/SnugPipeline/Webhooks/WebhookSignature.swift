// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SnugHTTP
import SnugSystem

/// Signs messages so that their receiver knows who sent them, and when (Standard Webhooks 1.0.0).
struct WebhookSignature: Sendable {
    private let key: [UInt8]

    /// Takes a secret: `whsec_` and 24 to 64 bytes in base64.
    /// - Throws: `secret_missing`.
    init(_ secret: Secret) throws(DaemonError) {
        let prefix = "whsec_"
        let text = secret.reveal()
        let encoded = text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
        guard let bytes = Data(base64Encoded: encoded), (24...64).contains(bytes.count) else {
            throw DaemonError(
                .secretMissing,
                "the secret of the webhook is not whsec_ and 24 to 64 bytes in base64; make one with "
                    + "'echo whsec_$(openssl rand -base64 32)'")
        }
        key = Array(bytes)
    }

    /// The value of the field `webhook-signature`.
    /// - Parameter timestamp: Seconds since 1970.
    func value(id: String, timestamp: Int, body: String) -> String {
        let code = MessageDigest.hmacSHA256(Data("\(id).\(timestamp).\(body)".utf8), key: key)
        return "v1," + Data(code).base64EncodedString()
    }
}
