// SPDX-License-Identifier: Apache-2.0

/// Marker codes by name (ITU-T T.81 table B.1).
enum JPEGMarker {
    static let hierarchicalFrame: UInt8 = 0xDE
    static let startOfImage: UInt8 = 0xD8
    static let endOfImage: UInt8 = 0xD9
    static let startOfScan: UInt8 = 0xDA
    static let quantisationTables: UInt8 = 0xDB
    static let restartInterval: UInt8 = 0xDD
    static let comment: UInt8 = 0xFE

    /// RSTn and TEM, which are markers and nothing more.
    static func standsAlone(_ marker: UInt8) -> Bool { 0xD0...0xD9 ~= marker || marker == 0x01 }
    static func isApplication(_ marker: UInt8) -> Bool { 0xE0...0xEF ~= marker }
    /// SOF0–SOF15: all of that range but DHT, JPG and DAC.
    static func isFrame(_ marker: UInt8) -> Bool {
        0xC0...0xCF ~= marker && marker != 0xC4 && marker != 0xC8 && marker != 0xCC
    }
}
