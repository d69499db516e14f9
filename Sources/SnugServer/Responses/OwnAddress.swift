// SPDX-License-Identifier: Apache-2.0
import Hummingbird

/// The address of something here, for the field `Location`.
enum OwnAddress {
    /// The whole address where its scheme is certain, because some clients cannot resolve a path; else the path, which is right
    /// behind every proxy.
    ///
    /// A proxy tells the scheme in `X-Forwarded-Proto`. To this machine itself there is none but `http`.
    static func location(_ path: String, for request: Request) -> String {
        guard let authority = request.head.authority, let (host, _) = HostName.split(authority), HostName.isValid(host)
        else { return path }
        let told = request.headers[.known("X-Forwarded-Proto")]?.lowercased()
        guard let scheme = told ?? (HostName.isLoopback(host) ? "http" : nil), scheme == "http" || scheme == "https"
        else { return path }
        return "\(scheme)://\(authority)\(path)"
    }
}
