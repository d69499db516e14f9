// SPDX-License-Identifier: Apache-2.0
internal import CTestSupport
import Glibc
public import SystemPackage

/// Sets attributes of files for tests.
public enum FileAttributesProbe {
    /// Sets permissions, and the time of the last change in seconds since 1970.
    public static func set(_ file: FileDescriptor, mode: UInt32, modified: Int) throws {
        let times = [timespec(tv_sec: modified, tv_nsec: 0), timespec(tv_sec: modified, tv_nsec: 0)]
        guard fchmod(file.rawValue, mode_t(mode)) == 0, unsafe futimens(file.rawValue, times) == 0 else {
            throw Errno(rawValue: errno)
        }
    }
}
