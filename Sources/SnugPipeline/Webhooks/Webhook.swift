// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP

/// An address that is told of each job that ends.
public struct Webhook: Sendable, Hashable {
    /// The address, which takes POST.
    public var url: HTTPURL
    /// The place of the secret that messages are signed with, as `whsec_` and base64; `nil` leaves them unsigned.
    public var secret: SecretReference?
    /// Allows addresses of internal networks. Default false.
    public var allowsInternalAddresses = false

    /// Names an address.
    public init(url: HTTPURL, secret: SecretReference? = nil) {
        self.url = url
        self.secret = secret
    }
}
