// SPDX-License-Identifier: Apache-2.0
internal import CTestSupport
public import SystemPackage

/// Extended attributes of files.
public enum ExtendedAttributes {
    /// Sets an attribute.
    /// - Returns: False where the file system has none.
    public static func set(_ name: String, _ value: [UInt8], on file: FilePath) throws -> Bool {
        let result = unsafe file.withPlatformString {
            unsafe snug_test_set_attribute($0, name, value, Int32(value.count))
        }
        switch Errno(rawValue: result) {
        case _ where result == 0: return true
        case .notSupported, .notPermitted: return false
        case let reason: throw reason
        }
    }

    /// An attribute's value; `nil` where there is none.
    public static func value(of name: String, on file: FilePath) -> [UInt8]? {
        var value = [UInt8](repeating: 0, count: 1024)
        let count = unsafe file.withPlatformString {
            unsafe snug_test_get_attribute($0, name, &value, Int32(value.count))
        }
        return count < 0 ? nil : Array(value.prefix(Int(count)))
    }
}
