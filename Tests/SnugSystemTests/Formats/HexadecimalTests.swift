// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import Testing

@Suite struct HexadecimalTests {
    @Test("Every byte has two lower-case digits, as printf writes them")
    func digits() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(bytes.hexadecimal == bytes.map { String(format: "%02x", $0) }.joined())
        #expect([UInt8]().hexadecimal.isEmpty)
        #expect(bytes[9..<11].hexadecimal == "090a")
        #expect(bytes.lazy.filter { $0 > 253 }.hexadecimal == "feff")
    }
}
