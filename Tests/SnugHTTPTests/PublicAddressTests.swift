// SPDX-License-Identifier: Apache-2.0
import Foundation
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
        ])
    func internalAddresses(text: String) throws { #expect(!PublicAddress.contains(try bytes(text))) }

    @Test(
        "Public addresses are allowed, those next to an internal block included",
        arguments: [
            "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
            "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.1",
            "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "93.184.216.34",
            "2000::1", "2606:4700::1111", "3fff:ffff::1", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::",
        ])
    func publicAddresses(text: String) throws { #expect(PublicAddress.contains(try bytes(text))) }

    @Test("An address of another length is not public", arguments: [0, 3, 5, 8, 15, 17])
    func lengths(count: Int) { #expect(!PublicAddress.contains([UInt8](repeating: 1, count: count))) }

    private func bytes(_ text: String) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 16)
        let family = text.contains(":") ? AF_INET6 : AF_INET
        try #require(unsafe inet_pton(family, text, &bytes) == 1)
        return Array(bytes.prefix(family == AF_INET ? 4 : 16))
    }
}
