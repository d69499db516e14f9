// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import SnugHTTP

@Suite struct PublicAddressTests {
    @Test(
        "Internal addresses are refused in every spelling",
        arguments: [
            // This host, loopback, private, link-local (metadata services), carrier-grade NAT.
            "0.0.0.0", "0.255.255.255", "127.0.0.1", "127.255.255.254", "10.0.0.0", "10.255.255.255", "172.16.0.0",
            "172.31.255.255", "192.168.0.0", "192.168.255.255", "169.254.0.0", "169.254.169.254", "100.64.0.0",
            "100.127.255.255",
            // Protocol assignments, documentation, benchmarks, multicast, reserved, broadcast.
            "192.0.0.1", "192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1", "198.19.255.255", "224.0.0.1",
            "239.255.255.255", "240.0.0.1", "255.255.255.255",
            "::", "::1", "::7f00:1", "fe80::1", "febf::1", "fc00::1", "fd12::1", "ff02::1", "100::1", "4000::1",
            // IPv4 addresses in IPv6: mapped, NAT64, 6to4.
            "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::", "2002:c0a8:101::",
            // NAT64 of a network's own, where the address stands elsewhere and the end may be anything (RFC 8215).
            "64:ff9b:1:a9fe:a9:fe00:101:101", "64:ff9b:1::101:101", "64:ff9b:ffff::808:808",
            // IPv4-compatible, translated, Teredo, protocol assignments, documentation.
            "::1.1.1.1", "::ffff:0:1.1.1.1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:1ff:ffff::1",
            "2001:2::1", "2001:10::1", "2001:db8::1", "2001:db8:ffff::1", "3fff::1", "3fff:fff:ffff::1",
            // Site-local, unique local, and what nobody has assigned.
            "fec0::1", "fdff:ffff::1", "feff::1", "1fff::1", "5f00::1", "8000::1", "e000::1", "f000::1", "ffff::1",
        ])
    func internalAddresses(text: String) throws { #expect(!PublicAddress.contains(try bytes(text))) }

    @Test(
        "Public addresses are allowed, those next to an internal block included",
        arguments: [
            "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
            "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.1",
            "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "93.184.216.34",
            "2000::1", "2606:4700::1111", "3fff:ffff::1",
            "2001:200::1", "2001:4860:4860::8888", "2001:db7:ffff::1", "2001:db9::1", "2003::1", "3fff:1000::1",
            "3ffe:ffff::1", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::",
        ])
    func publicAddresses(text: String) throws { #expect(PublicAddress.contains(try bytes(text))) }

    @Test("An address of another length is not public", arguments: [0, 3, 5, 8, 15, 17])
    func lengths(count: Int) { #expect(!PublicAddress.contains([UInt8](repeating: 1, count: count))) }

    /// An independent reading of the registry of IPv4 special-purpose addresses: first and last address of each block.
    static let blocks = [
        ("0.0.0.0", "0.255.255.255"), ("10.0.0.0", "10.255.255.255"), ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"), ("169.254.0.0", "169.254.255.255"), ("172.16.0.0", "172.31.255.255"),
        ("192.0.0.0", "192.0.0.255"), ("192.0.2.0", "192.0.2.255"), ("192.168.0.0", "192.168.255.255"),
        ("198.18.0.0", "198.19.255.255"), ("198.51.100.0", "198.51.100.255"), ("203.0.113.0", "203.0.113.255"),
        ("224.0.0.0", "255.255.255.255"),
    ]

    @Test(
        "Any IPv4 address is public unless it stands in a block of the registry, also within an IPv6 address",
        arguments: UInt64(0)..<8)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let ranges = try Self.blocks.map { (try number($0.0), try number($0.1)) }
        for _ in 0..<500 {
            // Near the ends of blocks, where mistakes are, and anywhere.
            let (first, last) = ranges[Int.random(in: 0..<ranges.count, using: &random)]
            let near = Bool.random(using: &random) ? first : last
            let value =
                Bool.random(using: &random)
                ? near &+ UInt32.random(in: 0...4, using: &random) &- 2 : UInt32.random(in: 0 ... .max, using: &random)
            let isPublic = !ranges.contains { (first, last) in first <= value && value <= last }
            let address = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
            let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + address
            let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] + address
            let sixToFour = [0x20, 0x02] + address + [UInt8](repeating: 1, count: 10)
            for form in [address, mapped, translated, sixToFour] {
                #expect(PublicAddress.contains(form) == isPublic, "\(form)")
            }
        }
    }

    private func number(_ text: String) throws -> UInt32 { try bytes(text).reduce(0) { $0 << 8 | UInt32($1) } }

    private func bytes(_ text: String) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 16)
        let family = text.contains(":") ? AF_INET6 : AF_INET
        try #require(unsafe inet_pton(family, text, &bytes) == 1)
        return Array(bytes.prefix(family == AF_INET ? 4 : 16))
    }
}
