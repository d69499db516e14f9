// SPDX-License-Identifier: Apache-2.0
import Glibc

extension HTTPURL {
    /// True when the host is written as a loopback name, or as an address of an internal network.
    ///
    /// A name may still lead to such an address; that is known only when a request is sent.
    package var isInternal: Bool {
        isLoopback || addressBytes.map { !PublicAddress.contains($0) } ?? false
    }

    /// The host as bytes in network order; `nil` for a name.
    private var addressBytes: [UInt8]? {
        let isIPv6 = host.hasPrefix("[")
        let text = isIPv6 ? String(host.dropFirst().dropLast()) : host
        var bytes = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
        return unsafe inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &bytes) == 1 ? bytes : nil
    }
}
