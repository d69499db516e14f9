// SPDX-License-Identifier: Apache-2.0

/// Tells addresses that a public service can have from those of internal networks.
///
/// A server that is handed an address from outside (a result's, say) must not be led to fetch from the network that it
/// stands in.
enum PublicAddress {
    /// - Parameter address: 4 or 16 bytes in network order; of any other length none is public.
    static func contains(_ address: [UInt8]) -> Bool {
        switch address.count {
        case 4: isPublicIPv4(address[...])
        case 16: isPublicIPv6(address)
        default: false
        }
    }

    private static func isPublicIPv4(_ bytes: ArraySlice<UInt8>) -> Bool {
        let number = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return !internalIPv4.contains { number >> (32 - $0.bits) == $0.base >> (32 - $0.bits) }
    }

    /// Global unicast is 2000::/3. What carries an IPv4 address is as public as that address.
    private static func isPublicIPv6(_ bytes: [UInt8]) -> Bool {
        if bytes.starts(with: mappedPrefix) || bytes.starts(with: translationPrefix) {
            return isPublicIPv4(bytes[12...])
        }
        if bytes.starts(with: sixToFourPrefix) { return isPublicIPv4(bytes[2..<6]) }
        let first = bytes[..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return first >> 29 == 1 && !internalIPv6.contains { first >> (32 - $0.bits) == $0.base >> (32 - $0.bits) }
    }

    /// The special-purpose addresses of RFC 6890 and its successors, multicast, and what is reserved.
    private static let internalIPv4: [(base: UInt32, bits: UInt32)] = [
        (0x0000_0000, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8), (0xA9FE_0000, 16), (0xAC10_0000, 12),
        (0xC000_0000, 24), (0xC000_0200, 24), (0xC0A8_0000, 16), (0xC612_0000, 15), (0xC633_6400, 24),
        (0xCB00_7100, 24), (0xE000_0000, 4), (0xF000_0000, 4),
    ]

    /// Protocol assignments (Teredo, whose addresses hide an IPv4 address, among them) and documentation: within
    /// 2000::/3, and of no server.
    private static let internalIPv6: [(base: UInt32, bits: UInt32)] = [
        (0x2001_0000, 23), (0x2001_0DB8, 32), (0x3FFF_0000, 20),
    ]

    /// ::ffff:0:0/96
    private static let mappedPrefix = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
    /// 64:ff9b::/96, which NAT64 uses (RFC 6052). Not 64:ff9b:1::/48, whose IPv4 addresses may stand elsewhere (RFC 8215).
    private static let translationPrefix: [UInt8] = [0x00, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8)
    /// 2002::/16 (RFC 3056)
    private static let sixToFourPrefix: [UInt8] = [0x20, 0x02]
}
